#include "client.h"

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "kernel.h"
#include "syscall.h"

#define LIFE_FD 3
#define ENVIRONMENT_LIMIT 64

/*
 * The engine's environment is what it needs and no more. What would change the JVM under it
 * (JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS, LD_PRELOAD, ...) is not among it, and neither are the
 * secrets that a caller may have in his.
 */
static const char *const KEPT[] = {"PATH=", "HOME=",      "LANG=",   "LC_",
				   "TZ=",   "JAVA_HOME=", "KAPSEL_", "XDG_"};

static void keep_environment(char *const *envp, char **kept)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	size_t count = 0;

	if (variable(envp, "PATH=", NULL) == NULL)
		kept[count++] = path;
	for (; *envp != NULL && count < ENVIRONMENT_LIMIT; envp++) {
		for (size_t i = 0; i < sizeof(KEPT) / sizeof(KEPT[0]); i++) {
			if (starts_with(*envp, KEPT[i])) {
				kept[count++] = *envp;
				break;
			}
		}
	}
	kept[count] = NULL;
}

static void reset_signals(void)
{
	static const struct kernel_action DEFAULT;
	static const uint64_t NONE;

	for (int signal = 1; signal <= 64; signal++)
		syscall4(__NR_rt_sigaction, signal, &DEFAULT, NULL, 8);
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &NONE, NULL, 8);
}

/* Nothing of the caller stays: not his terminal, directory, umask, descriptors, or signals. */
__attribute__((noreturn)) static void become_engine(const struct places *places, int log, int life,
						    char *const *envp)
{
	char *kept[ENVIRONMENT_LIMIT + 1];
	const char *const argv[] = {places->starter, "--run",       places->run,
				    "--state",       places->state, NULL};
	long null = syscall4(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
	long error;

	keep_environment(envp, kept);
	reset_signals();
	syscall1(__NR_umask, 022);
	syscall1(__NR_chdir, "/");
	/* The pipe goes first, to a number above all three, since it may be where the others go. */
	life = (int)syscall3(__NR_fcntl, life, F_DUPFD, 64);
	log = (int)syscall3(__NR_fcntl, log, F_DUPFD, 64);
	syscall3(__NR_dup3, null, 0, 0);
	syscall3(__NR_dup3, log, 1, 0);
	syscall3(__NR_dup3, log, 2, 0);
	syscall3(__NR_dup3, life, LIFE_FD, 0);
	syscall3(__NR_close_range, LIFE_FD + 1, ~0U, 0);
	error = syscall3(__NR_execve, places->starter, argv, kept);
	FAIL("cannot execute '", places->starter, "': ", reason(error));
}

static long fork_process(void)
{
	return syscall5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
}

/* The second fork: the engine leads no session, so no terminal can become its own, and is nobody's
 * child. */
__attribute__((noreturn)) static void leave_session(const struct places *places, int log, int life,
						    char *const *envp)
{
	long pid;

	syscall0(__NR_setsid);
	pid = fork_process();
	if (pid == 0)
		become_engine(places, log, life, envp);
	for (;;)
		syscall1(__NR_exit_group, pid < 0);
}

int start_daemon(const struct places *places, int log, char *const *envp)
{
	int ends[2];
	int status = 0;
	long pid;
	long error = syscall2(__NR_pipe2, ends, O_CLOEXEC | O_NONBLOCK);

	if (error < 0)
		FAIL("cannot start the engine: ", reason(error));
	pid = fork_process();
	if (pid == 0)
		leave_session(places, log, ends[1], envp);
	if (pid < 0)
		FAIL("cannot start the engine: cannot fork: ", reason(pid));
	syscall1(__NR_close, ends[1]);
	while (syscall4(__NR_wait4, pid, &status, 0, NULL) == -EINTR)
		continue;
	if (status != 0)
		FAIL("cannot start the engine: cannot fork: ", reason(-EAGAIN));
	return ends[0];
}
