/* Everything an attacker inside tries first. Each attempt runs in a child and prints "name result". */
#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef AF_ALG
#define AF_ALG 38
#endif

static const char *argument;

static int raw_clone3(uint64_t flags)
{
	struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof args);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid < 0 ? -1 : 0;
}

static int raw_clone(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid < 0 ? -1 : 0;
}

static int make_and_open(mode_t type, unsigned major_number, unsigned minor_number)
{
	int fd;

	unlink("/tmp/node");
	if (mknod("/tmp/node", type | 0600, makedev(major_number, minor_number)) < 0)
		return -1;
	fd = open("/tmp/node", O_RDWR | O_NONBLOCK);
	return fd < 0 ? -1 : 0;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

static int join(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 ? -1 : setns(fd, 0);
}

static int by_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[8];
	} handle = {.head = {.handle_bytes = 8, .handle_type = 1}, .bytes = {2}};
	int root = open("/", O_RDONLY | O_DIRECTORY);

	return open_by_handle_at(root, &handle.head, O_RDONLY) < 0 ? -1 : 0;
}

static int netlink(int protocol)
{
	return socket(AF_NETLINK, SOCK_RAW, protocol) < 0 ? -1 : 0;
}

static int classic_chroot_escape(void)
{
	struct stat inside, outside;

	mkdir("/tmp/jail", 0700);
	if (stat("/", &inside) < 0 || chroot("/tmp/jail") < 0)
		return -1;
	for (int i = 0; i < 1000; i++)
		if (chdir("..") < 0)
			return -1;
	if (chroot(".") < 0 || stat("/", &outside) < 0)
		return -1;
	errno = inside.st_ino == outside.st_ino && inside.st_dev == outside.st_dev ? EXDEV : 0;
	return errno ? -1 : 0;
}

#ifdef __x86_64__
static int int80_getpid(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
	return result > 0 ? 0 : (errno = (int)-result, -1);
}
#else
static int int80_getpid(void)
{
	return 0;
}
#endif

static int escape_by_dotdot(void)
{
	struct stat root, up;

	if (chdir("/") < 0 || stat("/", &root) < 0)
		return -1;
	for (int i = 0; i < 1000; i++)
		if (chdir("..") < 0)
			return -1;
	if (stat(".", &up) < 0)
		return -1;
	errno = root.st_ino == up.st_ino && root.st_dev == up.st_dev ? EXDEV : 0;
	return errno ? -1 : 0;
}

#define TRY(name, expression)                                                                       \
	do {                                                                                        \
		argument = name;                                                                    \
		attempt_begin();                                                                    \
		if (child == 0) {                                                                   \
			errno = 0;                                                                  \
			long result_ = (long)(expression);                                          \
			_exit(result_ < 0 ? errno : 0);                                             \
		}                                                                                   \
		attempt_end();                                                                      \
	} while (0)

static pid_t child;

static void attempt_begin(void)
{
	fflush(stdout);
	child = fork();
	if (child == 0)
		alarm(5);
}

static void attempt_end(void)
{
	int status = 0;

	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s %s\n", argument, sigabbrev_np(WTERMSIG(status)));
	else
		printf("%s %s\n", argument, error_name(WEXITSTATUS(status)));
}

static void mounts(void)
{
	mkdir("/tmp/m", 0700);
	TRY("mount-proc", mount("proc", "/tmp/m", "proc", 0, ""));
	TRY("mount-sysfs", mount("sysfs", "/tmp/m", "sysfs", 0, ""));
	TRY("mount-tmpfs", mount("tmpfs", "/tmp/m", "tmpfs", 0, ""));
	TRY("mount-overlay", mount("overlay", "/tmp/m", "overlay", 0, "lowerdir=/bin:/tmp"));
	TRY("mount-cgroup2", mount("cgroup2", "/tmp/m", "cgroup2", 0, ""));
	TRY("mount-bind", mount("/", "/tmp/m", NULL, MS_BIND, NULL));
	TRY("remount-proc-sys", mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
	TRY("remount-kcore", mount(NULL, "/proc/kcore", NULL, MS_REMOUNT | MS_BIND, NULL));
	TRY("fsopen", syscall(SYS_fsopen, "proc", 0));
	TRY("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
	TRY("move_mount", syscall(SYS_move_mount, AT_FDCWD, "/proc", AT_FDCWD, "/tmp/m", 0));
	TRY("mount_setattr", syscall(SYS_mount_setattr, AT_FDCWD, "/proc/sys", 0, NULL, 0));
	TRY("pivot_root", syscall(SYS_pivot_root, ".", "."));
	TRY("umount-proc", umount2("/proc", MNT_DETACH));
	TRY("umount-kcore", umount2("/proc/kcore", MNT_DETACH));
	TRY("umount-keys", umount2("/proc/keys", MNT_DETACH));
	TRY("umount-proc-sys", umount2("/proc/sys", MNT_DETACH));
	TRY("umount-shm", umount2("/dev/shm", MNT_DETACH));
	TRY("umount-firmware", umount2("/sys/firmware", MNT_DETACH));
	TRY("umount-root", umount2("/", MNT_DETACH));
}

static void namespaces(void)
{
	TRY("unshare-user", unshare(CLONE_NEWUSER));
	TRY("unshare-mnt", unshare(CLONE_NEWNS));
	TRY("unshare-pid", unshare(CLONE_NEWPID));
	TRY("unshare-net", unshare(CLONE_NEWNET));
	TRY("unshare-ipc", unshare(CLONE_NEWIPC));
	TRY("unshare-uts", unshare(CLONE_NEWUTS));
	TRY("unshare-cgroup", unshare(CLONE_NEWCGROUP));
	TRY("unshare-time", unshare(CLONE_NEWTIME));
	TRY("clone-user", raw_clone(CLONE_NEWUSER));
	TRY("clone-mnt", raw_clone(CLONE_NEWNS));
	TRY("clone-net", raw_clone(CLONE_NEWNET));
	TRY("clone-plain", raw_clone(0));
	TRY("clone3-user", raw_clone3(CLONE_NEWUSER));
	TRY("clone3-plain", raw_clone3(0));
	TRY("setns-mnt", join("/proc/1/ns/mnt"));
	TRY("setns-pid", join("/proc/1/ns/pid"));
	TRY("setns-user", join("/proc/1/ns/user"));
	TRY("setns-pidfd", setns((int)syscall(SYS_pidfd_open, 1, 0), CLONE_NEWNS));
}

static void devices(void)
{
	TRY("node-sda", make_and_open(S_IFBLK, 8, 0));
	TRY("node-nvme", make_and_open(S_IFBLK, 259, 0));
	TRY("node-vda", make_and_open(S_IFBLK, 254, 0));
	TRY("node-mem", make_and_open(S_IFCHR, 1, 1));
	TRY("node-kmem", make_and_open(S_IFCHR, 1, 2));
	TRY("node-port", make_and_open(S_IFCHR, 1, 4));
	TRY("node-kmsg", make_and_open(S_IFCHR, 1, 11));
	TRY("node-loop-control", make_and_open(S_IFCHR, 10, 237));
	TRY("node-fuse", make_and_open(S_IFCHR, 10, 229));
	TRY("null", open("/dev/null", O_RDWR));
	TRY("zero", open("/dev/zero", O_RDONLY));
	TRY("full", open("/dev/full", O_RDWR));
	TRY("random", open("/dev/random", O_RDONLY));
	TRY("urandom", open("/dev/urandom", O_RDONLY));
	TRY("ptmx", open("/dev/ptmx", O_RDWR | O_NOCTTY));
}

static void host_files(void)
{
	TRY("open-by-handle", by_handle());
	TRY("sysrq", write_file("/proc/sysrq-trigger", "h"));
	TRY("core-pattern", write_file("/proc/sys/kernel/core_pattern", "|/bin/x"));
	TRY("modprobe", write_file("/proc/sys/kernel/modprobe", "/bin/x"));
	TRY("hostname-sysctl", write_file("/proc/sys/kernel/hostname", "x"));
	TRY("panic-sysctl", write_file("/proc/sys/vm/panic_on_oom", "0"));
	TRY("uevent-helper", write_file("/sys/kernel/uevent_helper", "/bin/x"));
	TRY("binfmt", write_file("/proc/sys/fs/binfmt_misc/register", "x"));
	TRY("profiling", write_file("/sys/kernel/profiling", "1"));
	TRY("uevent", write_file("/sys/class/net/lo/uevent", "add"));
	TRY("debugfs", open("/sys/kernel/debug/sched", O_RDONLY | O_DIRECTORY));
	TRY("tracefs", open("/sys/kernel/tracing/trace", O_RDONLY));
	TRY("bpffs", open("/sys/fs/bpf/x", O_RDWR | O_CREAT, 0600));
	TRY("cgroup-mkdir", mkdir("/sys/fs/cgroup/escape", 0755));
	TRY("cgroup-procs", write_file("/sys/fs/cgroup/cgroup.procs", "0"));
	TRY("cgroup-limit", write_file("/sys/fs/cgroup/pids.max", "max"));
	TRY("chroot-escape", classic_chroot_escape());
	TRY("dotdot-escape", escape_by_dotdot());
	TRY("oom-lower", write_file("/proc/self/oom_score_adj", "-1000"));
}

static void calls(void)
{
	TRY("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
	TRY("bpf", syscall(SYS_bpf, 0, NULL, 0));
	TRY("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	TRY("userfaultfd", syscall(SYS_userfaultfd, 0));
	TRY("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 0));
	TRY("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3));
	TRY("request_key", syscall(SYS_request_key, "user", "x", NULL, 0));
	TRY("kexec", syscall(SYS_kexec_load, 0, 0, NULL, 0));
	TRY("init_module", syscall(SYS_init_module, NULL, 0, ""));
	TRY("delete_module", syscall(SYS_delete_module, "x", 0));
	TRY("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
	TRY("swapon", syscall(SYS_swapon, "/x", 0));
	TRY("acct", syscall(SYS_acct, "/x"));
	TRY("settimeofday", syscall(SYS_settimeofday, NULL, NULL) ?: (errno = 0, 0));
	TRY("syslog", syscall(SYS_syslog, 3, NULL, 0));
	TRY("quotactl", syscall(SYS_quotactl, 0, NULL, 0, NULL));
	TRY("lookup_dcookie", syscall(SYS_lookup_dcookie, 0, NULL, 0));
	TRY("name_to_handle", syscall(SYS_name_to_handle_at, -1, "", NULL, NULL, 0));
	TRY("unknown-1000", syscall(1000));
	TRY("personality-odd", syscall(SYS_personality, 0x0400000));
	TRY("int80", int80_getpid());
#ifdef __x86_64__
	TRY("x32", syscall(0x40000000L + 39));
#endif
	TRY("af-alg", socket(AF_ALG, SOCK_SEQPACKET, 0));
	TRY("af-vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
	TRY("af-packet", socket(AF_PACKET, SOCK_RAW, 0));
	TRY("af-inet-raw", socket(AF_INET, SOCK_RAW, 1));
	TRY("netlink-route", netlink(NETLINK_ROUTE));
	TRY("netlink-audit", netlink(NETLINK_AUDIT));
	TRY("sched-fifo", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}));
}

int attempts(void)
{
	mounts();
	namespaces();
	devices();
	host_files();
	calls();
	return 0;
}
