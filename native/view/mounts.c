/*
 * mount(2) of a file system on a block device that the guest was given. The kernel reads such a file
 * system as root of the host whoever made it, so nobody but the administrator can allow a type.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/stat.h>

#include "caller.h"
#include "start.h"
#include "syscall.h"

/*
 * Those whose owners can be mapped, and that are on one device: btrfs looks for others by what is
 * written on it. `careful` means an option that keeps a broken one from stopping the whole host.
 */
static const struct type {
	const char *name;
	int careful;
} types[] = {
	{"ext4", 1}, {"xfs", 0}, {"vfat", 1}, {"exfat", 1}, {"ntfs3", 0}, {"squashfs", 0}, {"erofs", 0},
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

/* Those that reach nothing but this file system; not journal_path, device, logdev and the like. */
static const char *const harmless[] = {
	"acl",	    "noacl",  "user_xattr", "discard", "nodiscard",	"noload", "norecovery",
	"nouuid",   "inode64", "uid",	    "gid",     "umask",		"fmask",  "dmask",
	"iocharset", "codepage", "utf8",    "shortname", "windows_names", "nobarrier",
};

enum {
	OTHER_DEEDS = MS_REMOUNT | MS_BIND | MS_MOVE | MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED,
	MOST_OPTIONS = 4096,
};

static const struct type *type_of(const char *name, uint32_t policy)
{
	for (int i = 0; i < TYPES; i++)
		if ((policy & (uint32_t)POLICY_FIRST_TYPE << i) != 0 &&
		    same(types[i].name, name, length_of(types[i].name) + 1))
			return &types[i];
	return NULL;
}

/* "mknod,mount=ext4,setxattr" */
uint32_t policy_of(const char *words)
{
	uint32_t policy = 0;

	while (*words != '\0' && *words != '"') {
		size_t kind = begins(words, "mount=");

		policy |= begins(words, "mknod") > 0 ? POLICY_NODES : 0;
		policy |= begins(words, "setxattr") > 0 ? POLICY_ATTRIBUTES : 0;
		for (int i = 0; kind > 0 && i < TYPES; i++) {
			size_t end = begins(words + kind, types[i].name);

			if (end > 0 && (words[kind + end] == ',' || words[kind + end] == '"'))
				policy |= POLICY_MOUNTS | (uint32_t)POLICY_FIRST_TYPE << i;
		}
		while (*words != ',' && *words != '"' && *words != '\0')
			words++;
		if (*words == ',')
			words++;
	}
	return policy;
}

struct request {
	char source[LONGEST_PATH];
	char target[LONGEST_PATH];
	char options[MOST_OPTIONS];
	uint64_t flags;
};

/* Opens the device as the caller, in its control group: so both may say no. */
static long find_device(const struct caller *caller, const void *argument)
{
	const struct request *request = argument;
	uint64_t access = request->flags & MS_RDONLY ? O_RDONLY : O_RDWR;
	long fd = open_as_caller(request->source, access | O_NONBLOCK | O_NOCTTY);

	(void)caller;
	if (fd < 0)
		return fd;
	fd = syscall3(__NR_dup3, fd, FOUND, O_CLOEXEC);
	return fd < 0 ? fd : 0;
}

static long attach(const struct caller *caller, const void *argument)
{
	const struct request *request = argument;
	long target = open_as_caller(request->target, O_PATH);

	(void)caller;
	if (target < 0)
		return target;
	return syscall5(__NR_move_mount, PREPARED, "", target, "",
			MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static long configure(long context, unsigned int command, const char *key, const char *value)
{
	return syscall5(__NR_fsconfig, context, command, key, value, 0);
}

static int is_harmless(const char *key)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (same(harmless[i], key, length_of(harmless[i]) + 1))
			return 1;
	return 0;
}

/* Takes the caller's words apart in place. */
static long set_options(long context, char *at)
{
	while (*at != '\0') {
		const char *key = at;
		const char *value = NULL;
		long result;

		while (*at != '\0' && *at != ',') {
			if (*at == '=' && value == NULL) {
				*at = '\0';
				value = at + 1;
			}
			at++;
		}
		if (*at == ',')
			*at++ = '\0';
		if (*key == '\0')
			continue;
		if (!is_harmless(key))
			return -EINVAL;
		result = configure(context, value == NULL ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key,
				   value);
		if (result < 0)
			return result;
	}
	return 0;
}

static long set_flags(long context, uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *key;
	} all[] = {{MS_RDONLY, "ro"}, {MS_SYNCHRONOUS, "sync"}, {MS_DIRSYNC, "dirsync"},
		   {MS_LAZYTIME, "lazytime"}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		long result = (flags & all[i].flag) == 0
				      ? 0
				      : configure(context, FSCONFIG_SET_FLAG, all[i].key, NULL);

		if (result < 0)
			return result;
	}
	return 0;
}

/* Never with devices, as a file system in a user namespace has none. */
static uint64_t attributes_of(uint64_t flags)
{
	uint64_t attributes = MOUNT_ATTR_NODEV;

	attributes |= flags & MS_RDONLY ? MOUNT_ATTR_RDONLY : 0;
	attributes |= flags & MS_NOSUID ? MOUNT_ATTR_NOSUID : 0;
	attributes |= flags & MS_NOEXEC ? MOUNT_ATTR_NOEXEC : 0;
	attributes |= flags & MS_NODIRATIME ? MOUNT_ATTR_NODIRATIME : 0;
	attributes |= flags & MS_NOSYMFOLLOW ? MOUNT_ATTR_NOSYMFOLLOW : 0;
	if (flags & MS_NOATIME)
		return attributes | MOUNT_ATTR_NOATIME;
	return flags & MS_STRICTATIME ? attributes | MOUNT_ATTR_STRICTATIME : attributes;
}

/*
 * A node of that device alone in a root of our own, at the place that the caller named: the kernel
 * wants a path, shows it in mountinfo, and must find there what was checked.
 */
static long stage(char *source, const struct statx *device)
{
	uint32_t number = (device->stx_rdev_minor & 0xff) | device->stx_rdev_major << 8 |
			  (device->stx_rdev_minor & ~0xffu) << 12;
	long context = syscall2(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	long room = configure(context, FSCONFIG_CMD_CREATE, NULL, NULL);

	room = room < 0 ? room : syscall3(__NR_fsmount, context, FSMOUNT_CLOEXEC, 0);
	syscall1(__NR_close, context);
	if (room < 0 || syscall1(__NR_fchdir, room) < 0 || syscall1(__NR_chroot, ".") < 0)
		return -EIO;
	for (char *at = source; *at != '\0'; at++) {
		if (*at != '/' || at == source)
			continue;
		*at = '\0';
		syscall3(__NR_mkdirat, AT_FDCWD, source, 0700);
		*at = '/';
	}
	return syscall4(__NR_mknodat, AT_FDCWD, source, S_IFBLK | 0600, number);
}

/* Makes the mount, with its owners as the guest's, and attached nowhere. */
static long prepare(const struct caller *caller, const struct type *type, struct request *request)
{
	struct mount_attr mapped = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (__u64)caller->users};
	long context = syscall2(__NR_fsopen, type->name, FSOPEN_CLOEXEC);
	long result;

	if (context < 0)
		return context;
	if ((result = configure(context, FSCONFIG_SET_STRING, "source", request->source)) < 0 ||
	    (result = set_flags(context, request->flags)) < 0 ||
	    (result = set_options(context, request->options)) < 0)
		return result;
	/* What is written on the device may say that the host has to stop. */
	if (type->careful)
		result = configure(context, FSCONFIG_SET_STRING, "errors", "remount-ro");
	if (result < 0 ||
	    (result = configure(context, FSCONFIG_CMD_CREATE, NULL, NULL)) < 0 ||
	    (result = syscall3(__NR_fsmount, context, FSMOUNT_CLOEXEC,
			       attributes_of(request->flags))) < 0)
		return result;
	result = syscall3(__NR_dup3, result, PREPARED, O_CLOEXEC);
	return result < 0 ? result
			  : syscall5(__NR_mount_setattr, PREPARED, "", AT_EMPTY_PATH, &mapped,
				     sizeof(mapped));
}

static long take_request(const struct caller *caller, struct request *request)
{
	const __u64 *args = caller->asked->data.args;
	long result = copy_text(caller, args[0], request->source, sizeof(request->source));

	if (result < 0)
		return result;
	result = copy_text(caller, args[1], request->target, sizeof(request->target));
	if (result < 0)
		return result;
	request->flags = args[3];
	request->options[0] = '\0';
	result = args[4] == 0
			 ? 0
			 : copy_text(caller, args[4], request->options, sizeof(request->options));
	return result < 0 ? result : 0;
}

/* The device that the caller may open; LEFT_TO_KERNEL for what is none. */
static long take_device(const struct caller *caller, const struct request *request,
			struct statx *device)
{
	long result = as_caller(caller, 1, find_device, request);

	if (result < 0)
		return result;
	result = syscall5(__NR_statx, FOUND, "", AT_EMPTY_PATH, STATX_TYPE, device);
	/* One that is open for writing may refuse to be mounted. */
	syscall1(__NR_close, FOUND);
	if (result < 0)
		return result;
	return (device->stx_mode & S_IFMT) == S_IFBLK ? 0 : LEFT_TO_KERNEL;
}

long mount_device(const struct caller *caller)
{
	static struct request request;
	char name[16];
	const __u64 *args = caller->asked->data.args;
	const struct type *type;
	struct statx device = {0};
	long result;

	if ((caller->policy & POLICY_MOUNTS) == 0 || (args[3] & OTHER_DEEDS) != 0 ||
	    !has_capability(caller, CAP_SYS_ADMIN) || args[0] == 0 || args[2] == 0 ||
	    copy_text(caller, args[2], name, sizeof(name)) < 0)
		return LEFT_TO_KERNEL;
	type = type_of(name, caller->policy);
	if (type == NULL)
		return LEFT_TO_KERNEL;
	if ((result = take_request(caller, &request)) < 0 ||
	    (result = take_device(caller, &request, &device)) != 0 ||
	    (result = stage(request.source, &device)) < 0 ||
	    (result = prepare(caller, type, &request)) < 0)
		return result;
	return as_caller(caller, 0, attach, &request);
}
