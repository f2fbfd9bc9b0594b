/*
 * What the view does for a guest, and what it does not: with hostile guests. Run as root:
 * deeds-test KAPSEL-VIEW; in the environment ONLY=name runs one, MILLIS is how long to wait for it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <dirent.h>
#include <unistd.h>

#include "guest.h"

enum { NODE = S_IFCHR | 0640 };

static const char OPAQUE[] = "trusted.overlay.opaque";
static const char *program;

static int null_at(const char *path)
{
	return mknod(path, NODE, makedev(1, 3));
}

/* Whether a call has failed so; what it was is told when not. */
static int fails(int result, int wanted, const char *what)
{
	if (result == -1 && errno == wanted)
		return 1;
	fprintf(stderr, "%s: %d, %s\n", what, result, result < 0 ? strerror(errno) : "done");
	return 0;
}

static int keep_capabilities(unsigned long long kept)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{(uint32_t)kept, (uint32_t)kept, 0},
						 {(uint32_t)(kept >> 32), (uint32_t)(kept >> 32), 0}};

	return (int)syscall(__NR_capset, &header, data);
}

static int a_harmless_node_is_made(void)
{
	struct stat status;
	int fd;

	umask(027);
	if (null_at("/ok/null") < 0 || stat("/ok/null", &status) < 0)
		return 1;
	fd = open("/ok/null", O_WRONLY);
	return !(status.st_rdev == makedev(1, 3) && status.st_uid == 0 && status.st_gid == 0 &&
		 (status.st_mode & 07777) == 0640 && fd >= 0 && write(fd, "x", 1) == 1);
}

static int no_other_device_is_made(void)
{
	return !(fails(mknod("/ok/mem", NODE, makedev(1, 1)), EPERM, "mem") &&
		 fails(mknod("/ok/disk", S_IFBLK | 0600, makedev(1, 3)), EPERM, "disk") &&
		 fails(mknod("/ok/ptmx", NODE, makedev(5, 2)), EPERM, "ptmx") &&
		 mknod("/ok/fifo", S_IFIFO | 0600, 0) == 0);
}

static int the_capability_is_needed(void)
{
	return !(keep_capabilities(~(1ull << CAP_MKNOD) & ((1ull << 38) - 1)) == 0 &&
		 fails(null_at("/ok/null"), EPERM, "without CAP_MKNOD"));
}

static int root_of_a_namespace_below_is_nobody(void)
{
	return !(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && fails(null_at("/ok/null"), EPERM, "below") &&
		 fails(setxattr("/ok", OPAQUE, "y", 1, 0), EPERM, "attribute below"));
}

static int a_directory_of_the_hosts_stays_as_it_is(void)
{
	return !fails(null_at("/hosts/null"), EACCES, "the host's");
}

/* It has the one capability, and is no owner of the directory. */
static int a_user_has_no_rights_of_roots(void)
{
	prctl(PR_SET_KEEPCAPS, 1);
	return !(setresuid(1000, 1000, 1000) == 0 && keep_capabilities(1ull << CAP_MKNOD) == 0 &&
		 fails(null_at("/ok/null"), EACCES, "a user"));
}

static int paths_begin_at_its_own_root(void)
{
	struct stat status;
	int top = open("/", O_PATH);

	return !(chroot("/ok/jail") == 0 && chdir("/") == 0 && null_at("/null") == 0 &&
		 null_at("../../../up") == 0 && fstatat(top, "ok/jail/null", &status, 0) == 0 &&
		 fstatat(top, "ok/jail/up", &status, 0) == 0);
}

static int relative_paths_begin_where_it_is(void)
{
	struct stat status;
	int directory = open("/ok/jail", O_RDONLY | O_DIRECTORY);

	return !(chdir("/ok") == 0 && null_at("here") == 0 && stat("/ok/here", &status) == 0 &&
		 mknodat(directory, "there", NODE, makedev(1, 3)) == 0 &&
		 stat("/ok/jail/there", &status) == 0);
}

static int links_of_proc_lead_nowhere(void)
{
	return !fails(null_at("/proc/self/cwd/ok/null"), ELOOP, "a magic link");
}

/* From the directory in which the host keeps its descriptors, all of the host would be near. */
static int what_is_no_descriptor_begins_nowhere(void)
{
	int file = open("/ok/jail/file", O_RDONLY);

	return !(fails(mknodat(file, "here", NODE, makedev(1, 3)), ENOTDIR, "a file") &&
		 fails(mknodat(-5, "../../../ok/null", NODE, makedev(1, 3)), EBADF, "up") &&
		 fails(mknodat(-5, "here", NODE, makedev(1, 3)), EBADF, "here") &&
		 fails(mknodat(77, "here", NODE, makedev(1, 3)), EBADF, "closed"));
}

static char racing[64];
static volatile int raced;

static void *race(void *unused)
{
	(void)unused;
	while (!raced) {
		memcpy(racing, "/ok/jail/", 9);
		memcpy(racing, "/hosts//./", 9);
		sched_yield();
	}
	return NULL;
}

static void *exchange(void *unused)
{
	(void)unused;
	while (!raced) {
		renameat2(AT_FDCWD, "/ok/link", AT_FDCWD, "/ok/swap", RENAME_EXCHANGE);
		sched_yield();
	}
	return NULL;
}

static int is_empty(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count == 2;
}

/* The path changes while it is read, and the directory while it is looked for. */
static int who_changes_it_meanwhile_gains_nothing(void)
{
	pthread_t threads[2];

	if (mkdir("/ok/swap", 0755) < 0 || symlink("/hosts", "/ok/link") < 0)
		return 1;
	pthread_create(&threads[0], NULL, race, NULL);
	pthread_create(&threads[1], NULL, exchange, NULL);
	for (int i = 0; i < 50; i++) {
		char path[64];

		snprintf(racing, sizeof(racing), "/ok/jail/%d", i);
		null_at(racing);
		snprintf(path, sizeof(path), "/ok/link/%d", i);
		null_at(path);
	}
	raced = 1;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return !is_empty("/hosts");
}

static int callers_that_are_killed_keep_nobody_waiting(void)
{
	char path[64];

	for (int i = 0; i < 100; i++) {
		pid_t child = fork();

		snprintf(path, sizeof(path), "/ok/jail/%d", i);
		if (child == 0)
			_exit(null_at(path) < 0);
		for (volatile int k = 0; k < i * 2000; k++)
			continue;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return null_at("/ok/null") < 0;
}

/* A file system that never answers; its callers wait until they are killed. */
static int hang(void)
{
	char options[128];
	int device = open("/fuse", O_RDWR);

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (device < 0 || mount("fuse", "/mnt", "fuse", 0, options) < 0)
		return 1;
	for (int i = 0; i < 80; i++)
		if (fork() == 0)
			_exit(null_at("/mnt/x/null") < 0);
	while (wait(NULL) > 0)
		continue;
	return 0;
}

static int an_attribute_of_overlayfs_is_set(void)
{
	int directory = open("/ok/jail", O_RDONLY | O_DIRECTORY);

	return !(setxattr("/ok", OPAQUE, "y", 1, 0) == 0 &&
		 fsetxattr(directory, OPAQUE, "y", 1, 0) == 0 &&
		 fails(fsetxattr(directory, OPAQUE, "y", 1, XATTR_CREATE), EEXIST, "created twice"));
}

static int no_other_attribute_is_set(void)
{
	return !(fails(setxattr("/ok", "trusted.overlay.redirect", "y", 1, 0), EPERM, "redirect") &&
		 fails(setxattr("/ok", "trusted.overlay.opaqueness", "y", 1, 0), EPERM, "longer") &&
		 fails(setxattr("/ok", OPAQUE, "n", 1, 0), EPERM, "another value") &&
		 fails(setxattr("/ok", OPAQUE, "yes", 3, 0), EPERM, "a longer value") &&
		 setxattr("/ok/jail/file", "user.own", "y", 1, 0) == 0);
}

static int no_attribute_of_the_hosts_is_set(void)
{
	return !fails(setxattr("/hosts", OPAQUE, "y", 1, 0), EACCES, "the host's");
}

#define EACH(name) {#name, name}
static const struct {
	const char *name;
	attempt *attempt;
} attempts[] = {
	EACH(a_harmless_node_is_made),
	EACH(no_other_device_is_made),
	EACH(the_capability_is_needed),
	EACH(root_of_a_namespace_below_is_nobody),
	EACH(a_directory_of_the_hosts_stays_as_it_is),
	EACH(a_user_has_no_rights_of_roots),
	EACH(paths_begin_at_its_own_root),
	EACH(relative_paths_begin_where_it_is),
	EACH(links_of_proc_lead_nowhere),
	EACH(what_is_no_descriptor_begins_nowhere),
	EACH(who_changes_it_meanwhile_gains_nothing),
	EACH(callers_that_are_killed_keep_nobody_waiting),
	EACH(an_attribute_of_overlayfs_is_set),
	EACH(no_other_attribute_is_set),
	EACH(no_attribute_of_the_hosts_is_set),
};

/* The root of the guests, in a mount namespace of this test's own. */
static void make_root(void)
{
	static const char *const own[] = {"root/ok", "root/ok/jail", "root/mnt", "root/proc"};
	int fd;

	if (mkdir("root", 0755) < 0 || mount("tmpfs", "root", "tmpfs", 0, "mode=755") < 0)
		exit(2);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (mkdir(own[i], 0755) < 0 || chown(own[i], GUEST_ROOT, GUEST_ROOT) < 0)
			exit(2);
	fd = open("root/ok/jail/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0 || fchown(fd, GUEST_ROOT, GUEST_ROOT) < 0 || mkdir("root/hosts", 0755) < 0 ||
	    mount("proc", "root/proc", "proc", 0, NULL) < 0 ||
	    mknod("root/fuse", S_IFCHR | 0666, makedev(10, 229)) < 0 ||
	    chmod("root/fuse", 0666) < 0)
		exit(2);
	close(fd);
}

static void remove_root(void)
{
	umount2("root/proc", MNT_DETACH);
	umount2("root", MNT_DETACH);
	rmdir("root");
}

static int one(attempt *attempt)
{
	struct view view;
	int result;

	make_root();
	view = begin_view(program);
	result = await_guest(begin_guest(&view, 1, attempt));
	end_view(&view);
	remove_root();
	return result == 0;
}

static int a_guest_that_hangs_delays_no_other(void)
{
	struct view view;
	pid_t hanging;
	int result;

	make_root();
	view = begin_view(program);
	hanging = begin_guest(&view, 2, hang);
	usleep(300000);
	result = await_guest(begin_guest(&view, 1, a_harmless_node_is_made));
	kill_guest(hanging);
	end_view(&view);
	remove_root();
	return result == 0;
}

static int passed;
static int failed;

static void tell(const char *name, int good)
{
	printf("%s %s\n", good ? "ok  " : "FAIL", name);
	fflush(stdout);
	passed += good;
	failed += !good;
}

static int wanted(const char *name)
{
	const char *only = getenv("ONLY");

	return only == NULL || strcmp(only, name) == 0;
}

int main(int argc, char **argv)
{
	char home[] = "/tmp/kapsel-deeds-root-XXXXXX";

	if (argc != 2 || (program = realpath(argv[1], NULL)) == NULL || mkdtemp(home) == NULL)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (chdir(home) < 0 || chmod(home, 0755) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 2;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		if (wanted(attempts[i].name))
			tell(attempts[i].name, one(attempts[i].attempt));
	if (wanted("a_guest_that_hangs_delays_no_other"))
		tell("a_guest_that_hangs_delays_no_other", a_guest_that_hangs_delays_no_other());
	if (chdir("/") == 0)
		rmdir(home);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
