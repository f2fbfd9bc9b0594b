#include "client.h"

#include <linux/errno.h>
#include <linux/uio.h>

#include "syscall.h"

#define PARTS_LIMIT 16

/* What the few calls of the client fail with. */
static const struct {
	int number;
	const char *text;
} REASONS[] = {
	{EPERM, "operation not permitted (EPERM)"},
	{ENOENT, "no such file or directory (ENOENT)"},
	{EIO, "input/output error (EIO)"},
	{ENOEXEC, "exec format error (ENOEXEC)"},
	{EBADF, "bad file descriptor (EBADF)"},
	{ENOMEM, "cannot allocate memory (ENOMEM)"},
	{EACCES, "permission denied (EACCES)"},
	{ENOTDIR, "not a directory (ENOTDIR)"},
	{EISDIR, "is a directory (EISDIR)"},
	{EINVAL, "invalid argument (EINVAL)"},
	{EMFILE, "too many open files (EMFILE)"},
	{EFBIG, "file too large (EFBIG)"},
	{ENOSPC, "no space left on device (ENOSPC)"},
	{EPIPE, "broken pipe (EPIPE)"},
	{ENAMETOOLONG, "file name too long (ENAMETOOLONG)"},
	{EDQUOT, "disk quota exceeded (EDQUOT)"},
};

const char *reason(long error)
{
	static char other[] = "error 0000";
	long number = -error;

	for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
		if (REASONS[i].number == number)
			return REASONS[i].text;
	}
	for (size_t at = sizeof(other) - 2; at >= 6; at--, number /= 10)
		other[at] = (char)('0' + number % 10);
	return other;
}

void warn(const char *const *parts)
{
	struct iovec out[PARTS_LIMIT + 2] = {{(void *)(uintptr_t) "kapsel: ", 8}};
	size_t count = 1;

	for (; *parts != NULL && count <= PARTS_LIMIT; parts++, count++) {
		out[count].iov_base = (void *)(uintptr_t)*parts;
		out[count].iov_len = length_of(*parts);
	}
	out[count].iov_base = (void *)(uintptr_t) "\n";
	out[count].iov_len = 1;
	syscall3(__NR_writev, 2, out, count + 1);
}

void fail(const char *const *parts)
{
	terminal_restore();
	warn(parts);
	for (;;)
		syscall1(__NR_exit_group, EXIT_ENGINE);
}

size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

bool starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0' && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix == '\0';
}

bool join(char *to, size_t size, const char *first, const char *second)
{
	size_t one = length_of(first);
	size_t two = length_of(second);

	if (one + two + 1 > size)
		return false;
	for (size_t i = 0; i < one; i++)
		to[i] = first[i];
	for (size_t i = 0; i <= two; i++)
		to[one + i] = second[i];
	return true;
}

const char *variable(char *const *envp, const char *name_and_equals, const char *otherwise)
{
	for (; *envp != NULL; envp++) {
		if (starts_with(*envp, name_and_equals)) {
			const char *value = *envp + length_of(name_and_equals);

			return *value == '\0' ? otherwise : value;
		}
	}
	return otherwise;
}
