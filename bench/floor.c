/*
 * The floor: what a launch costs when straight system calls do it, with no plan, no checks and no messages. The
 * same namespaces, id maps, idmapped layers, mounts, masks, device nodes, cgroups, device program and filter as
 * the plan; when the plan gains a step, so does this.
 *
 *   floor ROOT LAYERS FILTER   answers each line on stdin with the microseconds of one launch
 *
 * FILTER is the compiled seccomp program. With FLOOR_CHECK set, a call that fails is named on stderr.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_ID 1879048192u
#define IDS 65536u
#define DO(call) done((long)(call), #call)

static int checking;
static struct sock_fprog filter;
static int unified, pids = -1, layers, device_program;

static long done(long result, const char *call)
{
	if (result < 0 && checking)
		fprintf(stderr, "floor: %s: %s\n", call, strerror(errno));
	return result;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int detached(const char *type, unsigned attributes, const char *const *options)
{
	int context = (int)DO(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
	int tree;

	for (; options && *options; options += 2)
		DO(syscall(SYS_fsconfig, context, options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[0],
			   options[1], 0));
	DO(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	tree = (int)DO(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes));
	close(context);
	return tree;
}

static void attach(int tree, int directory, const char *name)
{
	DO(syscall(SYS_move_mount, tree, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH));
	close(tree);
}

static int clone_tree(int directory, const char *path)
{
	return (int)DO(syscall(SYS_open_tree, directory, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
}

static void write_file(int directory, const char *path, const char *text)
{
	int fd = (int)DO(openat(directory, path, O_WRONLY | O_CLOEXEC));

	DO(write(fd, text, strlen(text)));
	close(fd);
}

static int make_dev(void)
{
	static const struct {
		const char *name;
		unsigned major_number, minor_number;
	} nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
	static const char *const links[][2] = {{"/proc/self/fd", "fd"},	      {"/proc/self/fd/0", "stdin"},
					       {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
					       {"pts/ptmx", "ptmx"},	      {"/proc/kcore", "core"}};
	static const char *const directories[] = {"pts", "shm", "mqueue"};
	static const char *const options[] = {"mode", "755", "size", "64k", NULL};
	int tree = detached("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, options);

	for (size_t i = 0; i < 6; i++) {
		DO(mknodat(tree, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major_number, nodes[i].minor_number)));
		DO(fchownat(tree, nodes[i].name, FIRST_ID, FIRST_ID, 0));
		DO(symlinkat(links[i][0], tree, links[i][1]));
	}
	for (size_t i = 0; i < 3; i++)
		DO(mkdirat(tree, directories[i], 0755));
	DO(fchownat(tree, "", FIRST_ID, FIRST_ID, AT_EMPTY_PATH));
	return tree;
}

static int overlay(int lower, int upper_layer)
{
	int context = (int)DO(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC));
	int upper = (int)DO(openat(upper_layer, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC));
	int work = (int)DO(openat(upper_layer, "work", O_PATH | O_DIRECTORY | O_CLOEXEC));
	int tree;

	DO(syscall(SYS_fsconfig, context, FSCONFIG_SET_FD, "lowerdir+", NULL, lower));
	DO(syscall(SYS_fsconfig, context, FSCONFIG_SET_FD, "upperdir", NULL, upper));
	DO(syscall(SYS_fsconfig, context, FSCONFIG_SET_FD, "workdir", NULL, work));
	DO(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	tree = (int)DO(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0));
	close(context);
	close(upper);
	close(work);
	return tree;
}

static void send_descriptors(int socket_fd, const int *descriptors, int count)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * 8)];
		struct cmsghdr align;
	} control;
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
	memcpy(CMSG_DATA(head), descriptors, sizeof(int) * (size_t)count);
	DO(sendmsg(socket_fd, &message, 0));
}

static void receive_descriptors(int socket_fd, int *descriptors, int count)
{
	char space[CMSG_SPACE(sizeof(int) * 8)], byte;
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};

	DO(recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC));
	memcpy(descriptors, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int) * (size_t)count);
}

static void loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	DO(ioctl(fd, SIOCSIFFLAGS, &request));
	close(fd);
}

static void mount_all(int root)
{
	static const char *const pts[] = {"newinstance", NULL, "ptmxmode", "0666", "mode", "0620", "gid", "5", NULL};
	static const char *const shm[] = {"mode", "1777", "size", "65536k", NULL};
	static const char *const masked[] = {"proc/acpi", "proc/interrupts", "proc/kcore", "proc/keys",
					     "proc/latency_stats", "proc/timer_list", "proc/scsi", "proc/sched_debug",
					     "sys/firmware", "sys/devices/virtual/powercap"};
	static const char *const closed[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
	static const char *const empty[] = {"size", "0", NULL};
	unsigned strict = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
	int hole = detached("tmpfs", strict | MOUNT_ATTR_RDONLY, empty);

	attach(detached("proc", strict, NULL), root, "proc");
	attach(detached("sysfs", strict | MOUNT_ATTR_RDONLY, NULL), root, "sys");
	attach(detached("cgroup2", strict | MOUNT_ATTR_RDONLY, NULL), root, "sys/fs/cgroup");
	attach(detached("devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, pts), root, "dev/pts");
	attach(detached("tmpfs", strict, shm), root, "dev/shm");
	attach(detached("mqueue", strict, NULL), root, "dev/mqueue");
	for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
		struct stat status;

		if (fstatat(root, masked[i], &status, 0) == 0)
			attach(S_ISDIR(status.st_mode) ? clone_tree(hole, "") : clone_tree(root, "dev/null"), root, masked[i]);
	}
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
		int tree;

		if (faccessat(root, closed[i], F_OK, 0) < 0)
			continue;
		tree = clone_tree(root, closed[i]);
		DO(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &read_only, sizeof read_only));
		attach(tree, root, closed[i]);
	}
	close(hole);
}

static void drop_privileges(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	unsigned kept = 0xa80425fb;
	struct __user_cap_data_struct sets[2] = {{kept, kept, 0}, {0, 0, 0}};

	DO(syscall(SYS_keyctl, 1, NULL));
	for (int capability = 0; capability <= 40; capability++)
		if (capability > 31 || !(kept & (1u << capability)))
			prctl(PR_CAPBSET_DROP, capability);
	DO(setgroups(0, NULL));
	DO(setresgid(0, 0, 0));
	DO(setresuid(0, 0, 0));
	DO(chdir("/"));
	DO(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
	DO(syscall(SYS_capset, &head, sets));
}

static void init(int sync, int tasks)
{
	static char *const words[] = {"/true", NULL};
	static char *const environment[] = {"PATH=/bin", NULL};
	int received[2], root;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	receive_descriptors(sync, received, 2);
	DO(setresgid(0, 0, 0));
	DO(setresuid(0, 0, 0));
	if (tasks >= 0)
		DO(write(tasks, "0", 1));
	DO(unshare(CLONE_NEWCGROUP));
	loopback_up();
	attach(received[0], AT_FDCWD, "/newroot");
	root = (int)DO(open("/newroot", O_PATH | O_DIRECTORY | O_CLOEXEC));
	attach(received[1], root, "dev");
	mount_all(root);
	DO(sethostname("floor", 5));
	DO(fchdir(root));
	DO(syscall(SYS_pivot_root, ".", "."));
	DO(umount2(".", MNT_DETACH));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	DO(setsid());
	umask(022);
	drop_privileges();
	DO(syscall(SYS_close_range, 3, sync - 1, 0));
	execve("/true", words, environment);
	_exit(127);
}

static void map_ids(pid_t pid)
{
	char path[64], text[64];

	snprintf(text, sizeof text, "0 %u %u\n", FIRST_ID, IDS);
	snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
	write_file(AT_FDCWD, path, text);
	snprintf(path, sizeof path, "/proc/%d/gid_map", pid);
	write_file(AT_FDCWD, path, text);
}

static int idmapped(int directory, const char *path, int user_namespace)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user_namespace};
	int tree = clone_tree(directory, path);

	DO(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes));
	return tree;
}

static pid_t clone_init(int cgroup, int *pidfd)
{
	struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
					   CLONE_NEWNET | CLONE_PIDFD | CLONE_INTO_CGROUP,
				  .pidfd = (uintptr_t)pidfd,
				  .exit_signal = SIGCHLD,
				  .cgroup = (uint64_t)cgroup};

	return (pid_t)DO(syscall(SYS_clone3, &args, sizeof args));
}

static void attach_device_program(int cgroup)
{
	union bpf_attr attributes = {.target_fd = (unsigned)cgroup,
				     .attach_bpf_fd = (unsigned)device_program,
				     .attach_type = BPF_CGROUP_DEVICE,
				     .attach_flags = BPF_F_ALLOW_MULTI};

	DO(syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes));
}

static int make_cgroups(const char *name, int *tasks)
{
	char path[96];
	int cgroup;

	DO(mkdirat(unified, name, 0755));
	cgroup = (int)DO(openat(unified, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
	attach_device_program(cgroup);
	*tasks = -1;
	if (pids >= 0)
		DO(mkdirat(pids, name, 0755));
	snprintf(path, sizeof path, "%s/pids.max", name);
	write_file(pids >= 0 ? pids : unified, path, "2048");
	snprintf(path, sizeof path, "%s/tasks", name);
	if (pids >= 0)
		*tasks = (int)DO(openat(pids, path, O_WRONLY | O_CLOEXEC));
	return cgroup;
}

static void remove_all(const char *name)
{
	static const char *const left[] = {"upper", "work/work", "work"};
	char path[96];

	for (int i = 0; i < 1000 && unlinkat(unified, name, AT_REMOVEDIR) < 0 && errno == EBUSY; i++)
		usleep(500);
	if (pids >= 0)
		unlinkat(pids, name, AT_REMOVEDIR);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", name, left[i]);
		unlinkat(layers, path, AT_REMOVEDIR);
	}
	unlinkat(layers, name, AT_REMOVEDIR);
}

static void make_layer(const char *name)
{
	char path[96];

	DO(mkdirat(layers, name, 0700));
	snprintf(path, sizeof path, "%s/upper", name);
	DO(mkdirat(layers, path, 0755));
	snprintf(path, sizeof path, "%s/work", name);
	DO(mkdirat(layers, path, 0755));
}

static double launch(void)
{
	static unsigned count;
	char name[64], path[80];
	int sync[2], pidfd = -1, tasks, user, out[2], lower, upper, cgroup, status = 0;
	double begin = now(), end;
	pid_t pid;

	snprintf(name, sizeof name, "floor-%d-%u", getpid(), count++);
	make_layer(name);
	cgroup = make_cgroups(name, &tasks);
	out[1] = make_dev();
	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync);
	pid = clone_init(cgroup, &pidfd);
	if (pid == 0) {
		close(sync[0]);
		init(sync[1], tasks);
	}
	close(sync[1]);
	map_ids(pid);
	snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
	user = (int)DO(open(path, O_RDONLY | O_CLOEXEC));
	snprintf(path, sizeof path, "/layers/%s", name);
	lower = idmapped(AT_FDCWD, "/lower", user);
	upper = idmapped(AT_FDCWD, path, user);
	out[0] = overlay(lower, upper);
	send_descriptors(sync[0], out, 2);
	DO(waitpid(pid, &status, 0));
	end = now();
	if (status != 0 && checking)
		fprintf(stderr, "floor: the program ended with status %x\n", (unsigned)status);
	for (int i = 0; i < 2; i++)
		close(out[i]);
	close(sync[0]);
	close(pidfd);
	close(user);
	close(lower);
	close(upper);
	close(cgroup);
	if (tasks >= 0)
		close(tasks);
	remove_all(name);
	return end - begin;
}

static void load_device_program(void)
{
	/* Looks at the type and the numbers, as the real one does, and allows what the floor needs: everything. */
	struct bpf_insn code[] = {{0x61, 2, 1, 0, 0}, {0x54, 2, 0, 0, 0xffff}, {0x61, 4, 1, 4, 0},
				  {0x61, 5, 1, 8, 0}, {0xb7, 0, 0, 0, 1},	{0x95, 0, 0, 0, 0}};
	union bpf_attr attributes = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
				     .insns = (uintptr_t)code,
				     .insn_cnt = sizeof code / sizeof *code,
				     .license = (uintptr_t) "Apache-2.0"};

	device_program = (int)DO(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}

static int own_cgroup(const char *tree)
{
	int directory = (int)DO(open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC));

	mkdirat(directory, "kapsel-floor", 0755);
	return (int)DO(openat(directory, "kapsel-floor", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static void find_cgroups(void)
{
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) < 0) {
		unified = own_cgroup("/sys/fs/cgroup/unified");
		pids = own_cgroup("/sys/fs/cgroup/pids");
		return;
	}
	write_file(AT_FDCWD, "/sys/fs/cgroup/cgroup.subtree_control", "+pids");
	unified = own_cgroup("/sys/fs/cgroup");
	write_file(unified, "cgroup.subtree_control", "+pids");
}

/* A mount namespace with little in it, like the zygote's. The layers are mounts here, and descriptors there. */
static void enter_base(const char *root, const char *layer_directory)
{
	static const char *const directories[] = {"proc", "sys", "newroot", "lower", "layers"};
	const char *const sources[] = {"/proc", "/sys", NULL, root, layer_directory};
	int trees[5], base;

	for (size_t i = 0; i < 5; i++)
		trees[i] = sources[i] ? clone_tree(AT_FDCWD, sources[i]) : -1;
	DO(unshare(CLONE_NEWNS));
	DO(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	base = detached("tmpfs", 0, NULL);
	for (size_t i = 0; i < 5; i++)
		DO(mkdirat(base, directories[i], 0755));
	attach(base, AT_FDCWD, "/tmp");
	DO(chdir("/tmp"));
	for (size_t i = 0; i < 5; i++)
		if (sources[i])
			attach(trees[i], AT_FDCWD, directories[i]);
	DO(syscall(SYS_pivot_root, ".", "."));
	DO(umount2(".", MNT_DETACH));
	layers = (int)DO(open("/layers", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static void read_filter(const char *path)
{
	static struct sock_filter code[4096];
	int fd = (int)DO(open(path, O_RDONLY));
	ssize_t size = DO(read(fd, code, sizeof code));

	filter.len = (unsigned short)((size_t)(size > 0 ? size : 0) / sizeof *code);
	filter.filter = code;
	close(fd);
}

int main(int argc, char **argv)
{
	char line[64];

	checking = getenv("FLOOR_CHECK") != NULL;
	if (argc != 4) {
		fprintf(stderr, "usage: floor ROOT LAYERS FILTER\n");
		return 2;
	}
	read_filter(argv[3]);
	find_cgroups();
	load_device_program();
	enter_base(argv[1], argv[2]);
	while (fgets(line, sizeof line, stdin)) {
		printf("%.1f\n", launch());
		fflush(stdout);
	}
	return 0;
}
