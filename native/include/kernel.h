/* What the kernel's own headers leave to a libc: structures and constants of the socket calls. */
#ifndef KAPSEL_KERNEL_H
#define KAPSEL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include <linux/uio.h>

enum {
	KERNEL_AF_UNIX = 1,
	KERNEL_SOCK_STREAM = 1,
	KERNEL_SOL_SOCKET = 1,
	KERNEL_SCM_RIGHTS = 1,
	KERNEL_SOCK_CLOEXEC = 02000000,
	KERNEL_MSG_CTRUNC = 0x8,
	KERNEL_MSG_DONTWAIT = 0x40,
	KERNEL_MSG_NOSIGNAL = 0x4000,
	KERNEL_MSG_CMSG_CLOEXEC = 0x40000000,
};

/* struct msghdr of sendmsg(2). */
struct kernel_message {
	void *name;
	int name_length;
	struct iovec *parts;
	size_t part_count;
	void *control;
	size_t control_length;
	unsigned int flags;
};

/* struct cmsghdr of cmsg(3), here always followed by descriptors. */
struct kernel_control {
	size_t length;
	int level;
	int type;
};

/* struct sigaction of rt_sigaction(2). */
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

#endif
