/*
 * Calls that take their time, each in a process of its own: one that waits for a guest's file system
 * keeps nobody else waiting. It answers by itself, so that it needs nobody to live on.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include <asm/signal.h>

#include "caller.h"
#include "kernel.h"
#include "start.h"
#include "syscall.h"

enum { SECONDS = 20, MOST_OF_ONE = 4 };

static struct {
	int fd; /* its process, or -1 */
	int listener;
	int asked_on;
	uint64_t id;
} deeds[MOST_DEEDS];

void begin_deeds(void)
{
	for (int i = 0; i < MOST_DEEDS; i++)
		deeds[i].fd = -1;
}

/* The process ends with it, in whatever it waits. */
void limit_time(void)
{
	struct {
		int64_t interval[2];
		int64_t value[2];
	} timer = {{0, 0}, {SECONDS, 0}};
	struct kernel_action action = {0};
	uint64_t none = 0;

	syscall4(__NR_rt_sigaction, SIGALRM, &action, 0, sizeof(action.mask));
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof(none));
	syscall3(__NR_setitimer, 0, &timer, 0);
}

/* What the listener's guest is asked for, by its number. */
static long do_it(const struct caller *caller)
{
	switch (caller->asked->data.nr) {
#ifdef __NR_mknod
	case __NR_mknod:
#endif
	case __NR_mknodat:
		return make_node(caller);
	case __NR_setxattr:
	case __NR_lsetxattr:
	case __NR_fsetxattr:
		return set_attribute(caller);
	default:
		return mount_device(caller);
	}
}

/* The descriptor at which its paths begin. */
static int start_of(const struct seccomp_data *data)
{
	return data->nr == __NR_mknodat || data->nr == __NR_fsetxattr ? (int)data->args[0] : AT_FDCWD;
}

static void answer(int listener, uint64_t id, long result)
{
	struct seccomp_notif_resp answer = {.id = id};

	if (result == LEFT_TO_KERNEL)
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		answer.error = (int)result;
	syscall3(__NR_ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static void run(const struct listener *listener, const struct seccomp_notif *asked)
{
	static struct caller caller;
	long result;

	limit_time();
	caller.listener = listener->fd;
	caller.asked = asked;
	caller.guest = guest_by_serial(listener->serial);
	caller.policy = listener->policy;
	result = caller.guest == NULL ? LEFT_TO_KERNEL
				      : open_caller(&caller, start_of(&asked->data));
	if (result == 0)
		result = do_it(&caller);
	answer(caller.listener, asked->id, result);
	syscall1(__NR_exit_group, 0);
}

static int free_place(void)
{
	for (int i = 0; i < MOST_DEEDS; i++)
		if (deeds[i].fd < 0)
			return i;
	return -1;
}

int is_busy(int index)
{
	int count = 0;

	if (state->listeners[index].policy == 0)
		return 0;
	for (int i = 0; i < MOST_DEEDS; i++)
		count += deeds[i].fd >= 0 && deeds[i].listener == index;
	return count >= MOST_OF_ONE || free_place() < 0;
}

int is_deed(int number)
{
	switch (number) {
#ifdef __NR_mknod
	case __NR_mknod:
#endif
	case __NR_mknodat:
	case __NR_setxattr:
	case __NR_lsetxattr:
	case __NR_fsetxattr:
	case __NR_mount:
		return 1;
	default:
		return 0;
	}
}

void begin_deed(int index, const struct seccomp_notif *asked)
{
	const struct listener *listener = &state->listeners[index];
	int place = free_place();
	int fd = -1;
	struct clone_args how = {
		.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&fd, .exit_signal = SIGCHLD};
	long child = place < 0 ? -EAGAIN : syscall2(__NR_clone3, &how, sizeof(how));

	if (child == 0)
		run(listener, asked);
	if (child < 0) {
		answer(listener->fd, asked->id, child);
		return;
	}
	deeds[place].fd = fd;
	deeds[place].listener = index;
	deeds[place].asked_on = listener->fd;
	deeds[place].id = asked->id;
}

int deed_fd(int place)
{
	return deeds[place].fd;
}

void end_deed(int place)
{
	enum { BY_PIDFD = 3, SIGNAL_INFO = 128 };
	char info[SIGNAL_INFO] __attribute__((aligned(8))) = {0};
	const int *words = (const void *)info;
	int died;

	syscall5(__NR_waitid, BY_PIDFD, deeds[place].fd, info, WEXITED | WNOHANG, 0);
	died = words[2] != 1 || words[6] != 0; /* si_code CLD_EXITED, si_status */
	if (died && state->listeners[deeds[place].listener].fd == deeds[place].asked_on)
		answer(deeds[place].asked_on, deeds[place].id, -EIO);
	syscall1(__NR_close, deeds[place].fd);
	deeds[place].fd = -1;
}
