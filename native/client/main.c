/*
 * kapsel, the client: hands everything that it was called with to the engine, starts the engine
 * when there is none, carries the terminal, the signals and the output, and returns the exit code.
 * It parses no command line: the engine does.
 */
#include "client.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "start.h"
#include "syscall.h"

#define TRIES 3

/* A descriptor that is closed would be taken by the first file that is opened, and written to. */
static void fill_closed_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (syscall2(__NR_fcntl, fd, F_GETFD) != -EBADF)
			continue;
		if (syscall4(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR, 0) != fd)
			FAIL("cannot open '/dev/null' in place of a closed descriptor");
	}
}

int kapsel_main(int argc, char **argv, char **envp)
{
	int code = NOT_TAKEN;

	fill_closed_descriptors();
	if (argc < 1)
		FAIL("cannot run without a name of its own in argv[0]");
	/* An engine that ends just now has perhaps not read the request: the next one will. */
	for (int try = 0; try < TRIES && code == NOT_TAKEN; try++) {
		int engine = connect_engine(envp);

		code = relay(engine, send_request(engine, argv, envp));
	}
	if (code == NOT_TAKEN)
		FAIL("cannot send the request: the engine ends before it has read it");
	return code;
}
