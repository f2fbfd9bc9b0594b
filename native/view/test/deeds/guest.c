#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <grp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATE_SIZE = 4 << 20, SET = 2, MILLIS = 40000 };

static void check(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(2);
	}
}

static struct sockaddr_un address(const struct view *view, const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s", view->home, name);
	return at;
}

static int listen_at(const struct view *view, const char *name, int type)
{
	struct sockaddr_un at = address(view, name);
	int fd = socket(AF_UNIX, type, 0);

	check(fd >= 0 && bind(fd, (void *)&at, sizeof(at)) == 0 && listen(fd, 8) == 0, name);
	return fd;
}

static int connect_to(const struct view *view, const char *name, int type)
{
	struct sockaddr_un at = address(view, name);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	check(fd >= 0 && connect(fd, (void *)&at, sizeof(at)) == 0, name);
	return fd;
}

/* Descriptors 3 to 6 as view.h has them; there is no FUSE here, but something that is never ready. */
static void run_view(const char *program, const int *descriptors)
{
	char *argv[] = {"kapsel-view", "test", NULL};
	int high[4];

	for (int i = 0; i < 4; i++)
		high[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 50);
	for (int i = 0; i < 4; i++)
		dup2(high[i], 3 + i);
	setpgid(0, 0);
	execve(program, argv, argv + 2);
	_exit(127);
}

struct view begin_view(const char *program)
{
	struct view view = {.home = "/tmp/kapsel-deeds-XXXXXX"};
	int never[2];
	int descriptors[4];

	check(mkdtemp(view.home) != NULL, "mkdtemp");
	check(pipe2(never, O_CLOEXEC) == 0, "pipe");
	descriptors[0] = never[0];
	descriptors[1] = listen_at(&view, "control", SOCK_SEQPACKET);
	descriptors[2] = memfd_create("state", 0);
	descriptors[3] = listen_at(&view, "calls", SOCK_STREAM);
	check(ftruncate(descriptors[2], STATE_SIZE) == 0, "ftruncate");
	view.pid = fork();
	if (view.pid == 0)
		run_view(program, descriptors);
	for (int i = 0; i < 4; i++)
		close(descriptors[i]);
	view.control = connect_to(&view, "control", SOCK_SEQPACKET);
	return view;
}

void end_view(struct view *view)
{
	char path[64];

	kill(-view->pid, SIGKILL);
	waitpid(view->pid, NULL, 0);
	close(view->control);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", view->home, i == 0 ? "control" : "calls");
		unlink(path);
	}
	rmdir(view->home);
}

static void introduce(const struct view *view, const char *id)
{
	struct {
		uint32_t type;
		uint32_t flags;
		uint64_t started;
		uint64_t sources;
		char id[64];
	} message = {.type = SET};
	char answer[128];

	memcpy(message.id, id, sizeof(message.id));
	check(send(view->control, &message, sizeof(message), 0) == sizeof(message), "send");
	check(recv(view->control, answer, sizeof(answer), 0) > 0, "recv");
}

static void pass(int socket, const char *words, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {(void *)words, strlen(words)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(int));
	check(sendmsg(socket, &message, 0) > 0, "sendmsg");
}

static int take(int socket)
{
	char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) > 0 && CMSG_FIRSTHDR(&message) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

static int ask(void)
{
#define WHEN(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET, SECCOMP_RET_USER_NOTIF)
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __NR_mknod
		WHEN(__NR_mknod),
#endif
		WHEN(__NR_mknodat),
		WHEN(__NR_setxattr),
		WHEN(__NR_lsetxattr),
		WHEN(__NR_fsetxattr),
		BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	return (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER |
				    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			    &program);
}

static void be_guest(int socket, attempt *attempt)
{
	char byte;
	int listener;

	setpgid(0, 0);
	check(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare");
	check(write(socket, "u", 1) == 1 && read(socket, &byte, 1) == 1, "maps");
	check(setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0, "ids");
	/* A new root of the namespace, because who has only changed his own can make no namespaces. */
	check(mount("root", "root", NULL, MS_BIND | MS_REC, NULL) == 0 && chdir("root") == 0 &&
		      syscall(__NR_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
		      chdir("/") == 0,
	      "pivot_root");
	umask(022);
	listener = ask();
	check(listener >= 0, "seccomp");
	pass(socket, "l", listener);
	close(listener);
	check(read(socket, &byte, 1) == 1, "go");
	close(socket);
	_exit(attempt());
}

static void write_map(pid_t guest, const char *name)
{
	char path[64];
	char line[64];
	int size = snprintf(line, sizeof(line), "0 %d %d\n", GUEST_ROOT, GUEST_IDS);
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", guest, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	check(fd >= 0 && write(fd, line, (size_t)size) == size, path);
	close(fd);
}

pid_t begin_guest(const struct view *view, int number, attempt *attempt)
{
	char id[65]; /* as long as those of containers */
	char document[128];
	int pair[2];
	char byte;
	int listener;
	int calls;
	pid_t guest;

	snprintf(id, sizeof(id), "%064d", number);
	introduce(view, id);
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	guest = fork();
	if (guest == 0)
		be_guest(pair[1], attempt);
	close(pair[1]);
	check(read(pair[0], &byte, 1) == 1, "guest");
	write_map(guest, "uid_map");
	write_map(guest, "gid_map");
	check(write(pair[0], "m", 1) == 1, "guest");
	listener = take(pair[0]);
	check(listener >= 0, "listener");
	snprintf(document, sizeof(document), "{\"metadata\":\"mknod,setxattr\",\"id\":\"%s\"}", id);
	calls = connect_to(view, "calls", SOCK_STREAM);
	pass(calls, document, listener);
	close(calls);
	close(listener);
	check(write(pair[0], "g", 1) == 1, "guest");
	close(pair[0]);
	return guest;
}

void kill_guest(pid_t guest)
{
	kill(-guest, SIGKILL);
	waitpid(guest, NULL, 0);
}

int await_guest(pid_t guest)
{
	struct pollfd end = {(int)syscall(__NR_pidfd_open, guest, 0), POLLIN, 0};
	const char *millis = getenv("MILLIS");
	int status = 99 << 8;

	if (poll(&end, 1, millis == NULL ? MILLIS : atoi(millis)) > 0)
		waitpid(guest, &status, 0);
	else
		kill_guest(guest);
	close(end.fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
