#include "caller.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/stat.h>

#include <asm/signal.h>

#include "start.h"
#include "syscall.h"

enum { STATUS_SIZE = 16384, PAGE = 4096 };

/* A file of the caller's in /proc. */
static int open_of(const struct caller *caller, const char *name, int number, int flags)
{
	char words[64];
	struct text path = {words, words, words + sizeof(words) - 1};

	put(&path, "/proc/");
	put_number(&path, caller->asked->pid);
	put(&path, name);
	if (number >= 0)
		put_number(&path, (uint64_t)number);
	*path.at = '\0';
	return (int)syscall4(__NR_openat, AT_FDCWD, words, flags | O_CLOEXEC, 0);
}

static uint64_t take_hexadecimal(const char *at)
{
	uint64_t number = 0;

	for (; (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'); at++)
		number = number << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	return number;
}

static unsigned int take_octal(const char *at)
{
	unsigned int number = 0;

	for (; *at >= '0' && *at <= '7'; at++)
		number = number << 3 | (unsigned int)(*at - '0');
	return number;
}

/* As many as there are on the line, or `most` and one more. */
static unsigned int take_ids(const char *at, uint32_t *ids, unsigned int most)
{
	unsigned int count = 0;

	while (*at == '\t' || *at == ' ')
		at++;
	while (*at >= '0' && *at <= '9') {
		uint32_t id = (uint32_t)take_number(&at);

		if (count == most)
			return most + 1;
		ids[count++] = id;
		while (*at == '\t' || *at == ' ')
			at++;
	}
	return count;
}

/* What proc_pid_status(5) says of it; 0 when that is not all that is needed. */
static int take_status(struct caller *caller, const char *status)
{
	enum { USER = 1, GROUP = 2, GROUPS = 4, CAPABILITIES = 8, MASK = 16, ALL = 31 };
	int seen = 0;
	size_t length;

	for (const char *line = status; *line != '\0'; line = next_line(line)) {
		if ((length = begins(line, "Uid:")) > 0) {
			seen |= take_ids(line + length, caller->user, 4) == 4 ? USER : 0;
		} else if ((length = begins(line, "Gid:")) > 0) {
			seen |= take_ids(line + length, caller->group, 4) == 4 ? GROUP : 0;
		} else if ((length = begins(line, "Groups:")) > 0) {
			caller->group_count =
				take_ids(line + length, caller->groups, MOST_GROUPS_OF_ONE);
			seen |= caller->group_count <= MOST_GROUPS_OF_ONE ? GROUPS : 0;
		} else if ((length = begins(line, "CapEff:\t")) > 0) {
			caller->capabilities = take_hexadecimal(line + length);
			seen |= CAPABILITIES;
		} else if ((length = begins(line, "Umask:\t")) > 0) {
			caller->mask = take_octal(line + length);
			seen |= MASK;
		}
	}
	return seen == ALL && caller->user[1] == caller->user[3] &&
	       caller->group[1] == caller->group[3];
}

static int read_status(struct caller *caller)
{
	static char status[STATUS_SIZE];
	int fd = open_of(caller, "/status", -1, O_RDONLY);
	size_t size = read_source(fd, status, sizeof(status));

	syscall1(__NR_close, fd);
	return size > 0 && size < sizeof(status) - 1 && take_status(caller, status);
}

static int is_same_file(int a, int b)
{
	struct statx first;
	struct statx second;

	return syscall5(__NR_statx, a, "", AT_EMPTY_PATH, STATX_INO, &first) == 0 &&
	       syscall5(__NR_statx, b, "", AT_EMPTY_PATH, STATX_INO, &second) == 0 &&
	       first.stx_ino == second.stx_ino && first.stx_dev_major == second.stx_dev_major &&
	       first.stx_dev_minor == second.stx_dev_minor;
}

/*
 * Whether it is in the guest's own user namespace, which is a child of ours. Every user of the guest
 * can make one below, and is root there.
 */
static int is_of_guest(const struct caller *caller)
{
	long parent = syscall3(__NR_ioctl, caller->users, NS_GET_PARENT, 0);
	long own = syscall4(__NR_openat, AT_FDCWD, "/proc/self/ns/user", O_RDONLY | O_CLOEXEC, 0);
	int same_one = parent >= 0 && own >= 0 && is_same_file((int)parent, (int)own);

	syscall1(__NR_close, parent);
	syscall1(__NR_close, own);
	return same_one;
}

long open_caller(struct caller *caller, int start)
{
	uint64_t id = caller->asked->id;

	/* Without a number, its table of descriptors would be opened: a directory of the host's. */
	if (start < 0 && start != AT_FDCWD)
		return LEFT_TO_KERNEL;
	caller->memory = open_of(caller, "/mem", -1, O_RDONLY);
	caller->root = open_of(caller, "/root", -1, O_PATH | O_DIRECTORY);
	caller->start = start == AT_FDCWD ? open_of(caller, "/cwd", -1, O_PATH | O_DIRECTORY)
					  : open_of(caller, "/fd/", start, O_PATH);
	caller->mounts = open_of(caller, "/ns/mnt", -1, O_RDONLY);
	caller->users = open_of(caller, "/ns/user", -1, O_RDONLY);
	if (caller->memory < 0 || caller->root < 0 || caller->start < 0 || caller->mounts < 0 ||
	    caller->users < 0 || !read_status(caller))
		return LEFT_TO_KERNEL;
	if (syscall3(__NR_ioctl, caller->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0)
		return -ESRCH;
	return is_of_guest(caller) ? 0 : LEFT_TO_KERNEL;
}

int has_capability(const struct caller *caller, unsigned int number)
{
	return (caller->capabilities >> number & 1) != 0;
}

long copy_bytes(const struct caller *caller, uint64_t from, void *to, size_t size)
{
	return syscall4(__NR_pread64, caller->memory, to, size, from) == (long)size ? 0 : -EFAULT;
}

/* A page at a time: what lies behind the text may not be there. */
long copy_text(const struct caller *caller, uint64_t from, char *to, size_t size)
{
	size_t length = 0;

	while (length < size) {
		size_t room = PAGE - (from + length) % PAGE;
		long count = syscall4(__NR_pread64, caller->memory, to + length,
				      room < size - length ? room : size - length, from + length);

		if (count <= 0)
			return -EFAULT;
		for (long i = 0; i < count; i++)
			if (to[length + (size_t)i] == '\0')
				return (long)length + i;
		length += (size_t)count;
	}
	return -ENAMETOOLONG;
}

static long set_capabilities(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)effective, (uint32_t)permitted, 0},
		{(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), 0},
	};

	return syscall2(__NR_capset, &header, data);
}

/* Those that this process has. */
static uint64_t own_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}};

	syscall2(__NR_capget, &header, data);
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

/* Ids while this process may still have them all; namespaces; then the root, and last the rights. */
static long become(const struct caller *caller)
{
	const uint32_t *user = caller->user;
	const uint32_t *group = caller->group;
	uint64_t all = own_capabilities();
	long result;

	if ((result = syscall2(__NR_setgroups, caller->group_count, caller->groups)) < 0 ||
	    (result = syscall3(__NR_setresgid, group[0], group[1], group[2])) < 0 ||
	    (result = syscall2(__NR_prctl, PR_SET_KEEPCAPS, 1)) < 0 ||
	    (result = syscall3(__NR_setresuid, user[0], user[1], user[2])) < 0 ||
	    (result = set_capabilities(all, all)) < 0 ||
	    (result = syscall2(__NR_setns, caller->users, CLONE_NEWUSER)) < 0 ||
	    (result = syscall2(__NR_setns, caller->mounts, CLONE_NEWNS)) < 0 ||
	    (result = syscall1(__NR_fchdir, caller->root)) < 0 ||
	    (result = syscall1(__NR_chroot, ".")) < 0)
		return result;
	/* Where there is no path, it may be a file. */
	result = syscall1(__NR_fchdir, caller->start);
	if (result < 0 && caller->asked->data.nr != __NR_fsetxattr)
		return result;
	return set_capabilities(caller->capabilities, caller->capabilities);
}

static int deed_of_child(const struct caller *caller, deed *act, const void *argument)
{
	long result;

	limit_time();
	result = become(caller);
	if (result == 0)
		result = act(caller, argument);
	return (int)-result;
}

/* The leaf in which those are that join the guest: its init may have divided the group itself. */
static long open_leaf(const struct guest *guest)
{
	int group = guest->sources[SOURCE_GROUP];

	syscall3(__NR_mkdirat, group, ".kapsel", 0755);
	return syscall4(__NR_openat, group, ".kapsel",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

long as_caller(const struct caller *caller, int inside, deed *act, const void *argument)
{
	struct clone_args how = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
	long leaf = inside ? open_leaf(caller->guest) : -1;
	int status = -1;
	long child;

	if (inside && leaf < 0)
		return leaf;
	if (inside) {
		how.flags |= CLONE_INTO_CGROUP;
		how.cgroup = (uint64_t)leaf;
	}
	child = syscall2(__NR_clone3, &how, sizeof(how));
	if (child == 0)
		syscall1(__NR_exit_group, deed_of_child(caller, act, argument));
	if (leaf >= 0)
		syscall1(__NR_close, leaf);
	if (child < 0)
		return child;
	while (syscall4(__NR_wait4, child, &status, 0, 0) == -EINTR)
		continue;
	return (status & 0x7f) != 0 ? -EIO : -(long)(status >> 8 & 0xff);
}

long open_as_caller(const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};

	return syscall4(__NR_openat2, AT_FDCWD, path, &how, sizeof(how));
}

long keep_only(const struct caller *caller, uint64_t capabilities)
{
	uint64_t all = own_capabilities();

	syscall1(__NR_umask, caller->mask);
	syscall1(__NR_setfsgid, caller->group[3]);
	syscall1(__NR_setfsuid, caller->user[3]);
	return set_capabilities(capabilities, all);
}
