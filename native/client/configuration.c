/*
 * What an installation says about its engine. Who is called by a program that passes no environment on, as conmon
 * calls an OCI runtime, reads it in a file: lines NAME=value, as in the environment.
 */
#include "client.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "syscall.h"

#define CONFIGURATION "/etc/kapsel.conf"
#define LINES 32

void find_installed(char *path, const char *name)
{
	char own[PATH_SIZE];
	long length = syscall4(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", own, sizeof(own) - 1);

	if (length < 0)
		FAIL("cannot find this installation: '/proc/self/exe': ", reason(length));
	for (int up = 0; up < 2; up++) {
		while (length > 0 && own[length - 1] != '/')
			length--;
		length -= length > 0;
	}
	own[length] = '\0';
	if (!join(path, PATH_SIZE, own, name))
		FAIL("cannot find '", name, "' in '", own, "': ", reason(-ENAMETOOLONG));
}

/* The whole file, with a zero at its end; empty when there is none. */
static void read_configuration(char *text, size_t size)
{
	char path[PATH_SIZE];
	long got = 0;
	long fd;

	find_installed(path, CONFIGURATION);
	fd = syscall4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd >= 0) {
		got = syscall3(__NR_read, fd, text, size);
		syscall1(__NR_close, fd);
	} else if (fd != -ENOENT && fd != -ENOTDIR) {
		got = fd;
	}
	if (got < 0 || (size_t)got == size)
		FAIL("cannot read '", path, "': ", reason(got < 0 ? got : -EFBIG));
	text[got] = '\0';
}

static char *const *configuration(void)
{
	static char text[PATH_SIZE];
	static char *lines[LINES + 1];
	int count = 0;

	read_configuration(text, sizeof(text));
	for (char *at = text; *at != '\0' && count < LINES;) {
		lines[count++] = at;
		while (*at != '\0' && *at != '\n')
			at++;
		if (*at == '\n')
			*at++ = '\0';
	}
	return lines;
}

const char *configured(char *const *envp, const char *name_and_equals, const char *usual)
{
	const char *value = variable(envp, name_and_equals, NULL);

	return value != NULL ? value : variable(configuration(), name_and_equals, usual);
}
