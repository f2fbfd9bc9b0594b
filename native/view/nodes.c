/* mknod(2) of harmless devices, and the one attribute that engines of containers set on directories. */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "caller.h"
#include "start.h"
#include "syscall.h"

enum { MAY_WRITE = 2, MAY_SEARCH = 1 };

/* null, zero, full, random, urandom, tty, console: major << 8 | minor. */
static int is_harmless(uint64_t mode, uint32_t device)
{
	static const uint32_t all[] = {0x103, 0x105, 0x107, 0x108, 0x109, 0x500, 0x501};

	if ((mode & S_IFMT) != S_IFCHR)
		return 0;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] == device)
			return 1;
	return 0;
}

/* Leaves what it has opened where the doer finds it. */
static long leave(long fd, int rights)
{
	long result;

	if (fd < 0)
		return fd;
	if (rights != 0) {
		result = syscall4(__NR_faccessat2, fd, "", rights, AT_EACCESS | AT_EMPTY_PATH);
		if (result < 0)
			return result;
	}
	result = syscall3(__NR_dup3, fd, FOUND, O_CLOEXEC);
	return result < 0 ? result : 0;
}

static long find_parent(const struct caller *caller, const void *argument)
{
	(void)caller;
	return leave(open_as_caller(argument, O_PATH | O_DIRECTORY), MAY_WRITE | MAY_SEARCH);
}

/* Cuts a path into the directory and the name in it; NULL for one that names no new file. */
static const char *take_apart(char *path, const char **directory)
{
	char *slash = NULL;
	char *name;

	for (char *at = path; *at != '\0'; at++)
		if (*at == '/')
			slash = at;
	name = slash == NULL ? path : slash + 1;
	if (name[0] == '\0' || (name[0] == '.' && name[1] == '\0') ||
	    (name[0] == '.' && name[1] == '.' && name[2] == '\0'))
		return NULL;
	*directory = slash == NULL ? "." : slash == path ? "/" : path;
	if (slash != NULL)
		*slash = '\0';
	return name;
}

long make_node(const struct caller *caller)
{
	static char path[LONGEST_PATH];
	const struct seccomp_data *data = &caller->asked->data;
	int at = data->nr == __NR_mknodat; /* then a descriptor stands before the path */
	uint64_t mode = data->args[1 + at];
	uint32_t device = (uint32_t)data->args[2 + at];
	const char *directory;
	const char *name;
	long result;

	if ((caller->policy & POLICY_NODES) == 0 || !is_harmless(mode, device) ||
	    !has_capability(caller, CAP_MKNOD))
		return LEFT_TO_KERNEL;
	result = copy_text(caller, data->args[at], path, sizeof(path));
	if (result < 0)
		return result;
	name = take_apart(path, &directory);
	if (name == NULL)
		return LEFT_TO_KERNEL;
	if (directory == path && name == path)
		directory = ".";
	result = as_caller(caller, 0, find_parent, directory);
	if (result < 0)
		return result;
	/* The child has seen that the caller may write there. */
	result = keep_only(caller, 1ull << CAP_MKNOD | 1ull << CAP_DAC_OVERRIDE);
	if (result < 0)
		return result;
	return syscall4(__NR_mknodat, FOUND, name, S_IFCHR | (mode & 07777), device);
}

struct place {
	char path[LONGEST_PATH];
	int follow;
	int is_open; /* what the caller has open itself, and no path */
};

static long find_file(const struct caller *caller, const void *argument)
{
	const struct place *place = argument;
	uint64_t flags = O_PATH | (place->follow ? 0 : O_NOFOLLOW);

	return leave(place->is_open ? caller->start : open_as_caller(place->path, flags),
		     MAY_WRITE);
}

/* "y" makes a directory of overlayfs hide what is below it; nothing else is set. */
static long check_attribute(const struct caller *caller, char *value)
{
	char name[64];
	static const char opaque[] = "trusted.overlay.opaque";
	const __u64 *args = caller->asked->data.args;
	long length = copy_text(caller, args[1], name, sizeof(name));

	if (length != (long)sizeof(opaque) - 1 || !same(name, opaque, sizeof(opaque)) ||
	    args[3] != 1 || args[4] > 2)
		return LEFT_TO_KERNEL;
	if (copy_bytes(caller, args[2], value, 1) < 0)
		return -EFAULT;
	return *value == 'y' ? 0 : LEFT_TO_KERNEL;
}

long set_attribute(const struct caller *caller)
{
	static struct place place;
	const struct seccomp_data *data = &caller->asked->data;
	char words[32];
	struct text path = {words, words, words + sizeof(words) - 1};
	char value;
	long result;

	if ((caller->policy & POLICY_ATTRIBUTES) == 0 || !has_capability(caller, CAP_SYS_ADMIN))
		return LEFT_TO_KERNEL;
	result = check_attribute(caller, &value);
	if (result != 0)
		return result;
	place.is_open = data->nr == __NR_fsetxattr;
	place.follow = data->nr == __NR_setxattr;
	if (!place.is_open) {
		result = copy_text(caller, data->args[0], place.path, sizeof(place.path));
		if (result < 0)
			return result;
	}
	result = as_caller(caller, 0, find_file, &place);
	if (result < 0)
		return result;
	put(&path, "/proc/self/fd/");
	put_number(&path, FOUND);
	*path.at = '\0';
	return syscall5(__NR_setxattr, words, "trusted.overlay.opaque", &value, 1, data->args[4]);
}
