#include "client.h"

#include <asm/signal.h>
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "syscall.h"

#define CONTROL 3

static long launcher;

/* A launcher is told by its second word that it is a guest, and keeps what it finds open. */
__attribute__((noreturn)) static void become_launcher(int program, int control, uint32_t kept)
{
	static const char *const ARGV[] = {"kapsel-launcher", "guest", NULL};
	static const char *const ENVP[] = {NULL};
	long above = CONTROL + 1 + (long)kept;
	long error;

	program = (int)syscall3(__NR_fcntl, program, F_DUPFD, above);
	control = (int)syscall3(__NR_fcntl, control, F_DUPFD, above);
	if (kept > 0)
		syscall3(__NR_dup3, CONTROL, CONTROL + kept, 0);
	syscall3(__NR_close_range, above, ~0u, CLOSE_RANGE_CLOEXEC);
	syscall3(__NR_dup3, control, CONTROL, 0);
	error = syscall5(__NR_execveat, program, "", ARGV, ENVP, AT_EMPTY_PATH);
	FAIL("cannot execute the launcher: ", reason(error));
}

void launch(const int *passed, uint32_t kept)
{
	if (launcher > 0 || passed[0] < 0 || passed[1] < 0)
		FAIL("cannot launch: the engine sent no launcher, or a second one");
	launcher = syscall5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (launcher == 0)
		become_launcher(passed[0], passed[1], kept);
	if (launcher < 0)
		FAIL("cannot launch: ", reason(launcher));
	syscall1(__NR_close, passed[0]);
	syscall1(__NR_close, passed[1]);
}

void launch_wait(void)
{
	while (launcher > 0 && syscall4(__NR_wait4, launcher, NULL, 0, NULL) == -EINTR)
		continue;
}
