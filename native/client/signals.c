#include "client.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/signalfd.h>

#include "kernel.h"
#include "syscall.h"

#define BIT(signal) (UINT64_C(1) << ((signal)-1))

/*
 * Left to the kernel: what cannot be caught, what says nothing to a program elsewhere, and what the
 * terminal stops a background process with. SIGPIPE is blocked, but never read: a write that fails
 * says the same.
 */
#define LEFT_ALONE \
	(BIT(SIGKILL) | BIT(SIGSTOP) | BIT(SIGCHLD) | BIT(SIGURG) | BIT(SIGTTIN) | BIT(SIGTTOU))

/* The signals that whoever started this process has told it to ignore, as nohup(1) does. */
static uint64_t ignored(void)
{
	uint64_t set = 0;

	for (int signal = 1; signal < 32; signal++) {
		struct kernel_action action;

		if (syscall4(__NR_rt_sigaction, signal, NULL, &action, 8) == 0 &&
		    action.handler == (uintptr_t)SIG_IGN)
			set |= BIT(signal);
	}
	return set;
}

static uint64_t before;

int signals_open(void)
{
	uint64_t caught = ~(LEFT_ALONE | ignored());
	long fd;

	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &caught, &before, 8);
	caught &= ~BIT(SIGPIPE);
	fd = syscall4(__NR_signalfd4, -1, &caught, 8, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		FAIL("cannot watch for signals: ", reason(fd));
	return (int)fd;
}

void signals_close(int fd)
{
	syscall1(__NR_close, fd);
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &before, NULL, 8);
}

int signals_next(int fd)
{
	struct signalfd_siginfo info;

	if (syscall3(__NR_read, fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

void signals_default(int signal)
{
	uint64_t one = BIT(signal);

	syscall2(__NR_kill, syscall0(__NR_getpid), signal);
	syscall4(__NR_rt_sigprocmask, SIG_UNBLOCK, &one, NULL, 8);
	syscall4(__NR_rt_sigprocmask, SIG_BLOCK, &one, NULL, 8);
}
