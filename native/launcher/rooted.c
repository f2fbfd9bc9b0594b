/* Paths: below /proc/PID, and inside a container's root, which nothing may lead out of. */
#include "launcher.h"

#include <linux/openat2.h>
#include <linux/stat.h>

enum { WANT_EXISTING, WANT_DIRECTORY, WANT_FILE, WANT_KIND = 3, WANT_NO_LINK = 4 };
enum { MAX_PATH = 4096, MAX_RETRIES = 128, AT_HERE = -100, PATH_ONLY = 010000000 };

long open_proc(int64_t pid, const char *path, int64_t flags)
{
	char name[128] = "/proc/";
	char digits[20];
	size_t at = 6;
	int n = 0;

	if (pid <= 0)
		return -ESRCH;
	for (; pid > 0; pid /= 10)
		digits[n++] = (char)('0' + pid % 10);
	while (n > 0)
		name[at++] = digits[--n];
	name[at++] = '/';
	for (; *path != 0; path++) {
		if (at + 1 >= sizeof(name))
			return -ENAMETOOLONG;
		name[at++] = *path;
	}
	name[at] = 0;
	return syscall4(__NR_openat, AT_HERE, name, flags | O_CLOEXEC, 0);
}

/* RESOLVE_IN_ROOT may answer EAGAIN while somebody renames below; that is bounded here. */
static long look_up(int root, const char *path, uint64_t flags, uint64_t want)
{
	struct open_how how = {
		.flags = flags | PATH_ONLY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
			(want & WANT_NO_LINK ? RESOLVE_NO_SYMLINKS : 0),
	};
	long result = -EAGAIN;

	for (int i = 0; i < MAX_RETRIES && result == -EAGAIN; i++)
		result = syscall4(__NR_openat2, root, path, &how, sizeof(how));
	return result;
}

static long make(int parent, const char *name, int file, uint32_t mode)
{
	long result;

	if (file)
		result = syscall4(__NR_mknodat, parent, name, S_IFREG | mode, 0);
	else
		result = syscall3(__NR_mkdirat, parent, name, mode);
	return result == -EEXIST ? 0 : result;
}

static int is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

/* Makes what is missing, one component after the other, each by (directory descriptor, single
 * name). */
static long make_path(int root, const char *path, uint64_t want, uint32_t mode)
{
	char prefix[MAX_PATH];
	size_t at = 0;
	int parent = (int)look_up(root, "/", O_DIRECTORY, want);
	long result = parent < 0 ? parent : 0;

	while (result == 0 && *path == '/')
		path++;
	while (result == 0 && *path != 0) {
		size_t start = at + 1;
		int last;

		prefix[at++] = '/';
		while (*path != '/' && *path != 0 && at < sizeof(prefix) - 1)
			prefix[at++] = *path++;
		prefix[at] = 0;
		if (at >= sizeof(prefix) - 1 || is_dots(prefix + start)) {
			result = -EINVAL;
			break;
		}
		while (*path == '/')
			path++;
		last = *path == 0;
		long next = look_up(root, prefix, last ? 0 : O_DIRECTORY, want);
		if (next == -ENOENT) {
			result = make(parent, prefix + start,
				      last && (want & WANT_KIND) == WANT_FILE, last ? mode : 0755);
			if (result == 0)
				next = look_up(root, prefix, last ? 0 : O_DIRECTORY, want);
		}
		if (result == 0 && next < 0)
			result = next;
		close_fd(parent);
		parent = (int)next;
	}
	if (result < 0) {
		close_fd(parent);
		return result;
	}
	return parent;
}

long open_in_root(int root, const char *path, uint64_t want, uint32_t mode)
{
	uint64_t flags = (want & WANT_KIND) == WANT_DIRECTORY ? O_DIRECTORY : 0;
	long result = look_up(root, path, flags, want);
	long umask;

	if (result != -ENOENT || (want & WANT_KIND) == WANT_EXISTING)
		return result;
	umask = syscall1(__NR_umask, 0); /* the mode is meant as it is */
	result = make_path(root, path, want, mode);
	syscall1(__NR_umask, umask);
	if (result < 0 || (want & WANT_KIND) == WANT_FILE)
		return result;
	close_fd((int)result);
	return look_up(root, path, flags, want);
}
