#include "client.h"

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/time_types.h>
#include <linux/un.h>

#include "kernel.h"
#include "syscall.h"

#define STARTER "/lib/kapsel/kapseld"
#define PAUSE_NANOS 10000000
#define TRIES 1000

/* A connected socket, or -1 when no engine listens there. */
static int try_connect(const struct sockaddr_un *address)
{
	long fd =
		syscall3(__NR_socket, KERNEL_AF_UNIX, KERNEL_SOCK_STREAM | KERNEL_SOCK_CLOEXEC, 0);
	long error = fd;

	if (fd >= 0) {
		do
			error = syscall3(__NR_connect, fd, address, sizeof(*address));
		while (error == -EINTR);
		if (error == 0)
			return (int)fd;
		syscall1(__NR_close, fd);
	}
	if (error == -EACCES || error == -EPERM)
		FAIL("cannot reach the engine at '", address->sun_path, "': ", reason(error),
		     "; it takes commands only from the user that it runs as");
	if (error != -ENOENT && error != -ECONNREFUSED)
		FAIL("cannot reach the engine at '", address->sun_path, "': ", reason(error));
	return -1;
}

/* The starter returns when an engine listens, whoever started it, or has said why none does. */
static void start_engine(const struct places *places, char *const *envp)
{
	char starter[PATH_SIZE];
	const char *const argv[] = {starter, places->run, places->state, NULL};
	int status = 0;
	long pid;

	find_installed(starter, STARTER);
	pid = syscall5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		/* What the caller left open would stay open for as long as the engine lives. */
		syscall3(__NR_close_range, 3, ~0u, 0);
		pid = syscall3(__NR_execve, starter, argv, envp);
		FAIL("cannot execute '", starter, "': ", reason(pid));
	}
	while (pid > 0 && syscall4(__NR_wait4, pid, &status, 0, NULL) == -EINTR)
		continue;
	if (pid < 0 || (status & 0x7f) != 0)
		FAIL("cannot start the engine: its starter ",
		     pid < 0 ? "cannot be run" : "was killed");
	if (status != 0)
		syscall1(__NR_exit_group, EXIT_ENGINE);
}

int connect_engine(char *const *envp)
{
	static const struct __kernel_timespec PAUSE = {0, PAUSE_NANOS};
	struct sockaddr_un address = {.sun_family = KERNEL_AF_UNIX};
	struct places places;
	int engine;

	find_places(envp, &places);
	if (!join(address.sun_path, sizeof(address.sun_path), places.run, "/kapsel.sock"))
		FAIL("cannot reach the engine in '", places.run,
		     "': the path of a socket has at most 107 bytes; choose a shorter KAPSEL_RUN");
	for (int tries = 0; (engine = try_connect(&address)) < 0; tries++) {
		if (tries == TRIES)
			FAIL("cannot reach the engine at '", address.sun_path,
			     "': one runs, but does not listen");
		if (tries > 0)
			syscall2(__NR_nanosleep, &PAUSE, NULL);
		start_engine(&places, envp);
	}
	return engine;
}
