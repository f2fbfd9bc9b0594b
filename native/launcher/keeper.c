/*
 * The keeper: the parent of all monitors. Each lets it hold what it needs itself, and when one is
 * killed, a fork of the keeper goes on in its place, with or without an engine. A program whose
 * monitor is killed becomes a child of the keeper, too (it is a subreaper), so that somebody sees
 * how it ends. The keeper leaves with its last child.
 *
 * It hears nobody but forks of the one that it comes from, and reads nothing of a container.
 */
#include "launcher.h"

#include <linux/sched.h>

enum { MOST = 16384, RENEWALS = 100, SEQPACKET = 5, NONBLOCK = 04000 };
enum { MOUTH = CONTROL + 1 }; /* where monitors speak, and the keeper hears them at CONTROL */

/* What a monitor sends, with the descriptors that it names, and what is kept of it. */
struct kept {
	uint32_t types;
	uint32_t renewals;
	int32_t monitor;
	int32_t init;
	int64_t pidfd;
	int64_t roles[ROLES];
};

static struct {
	int count;
	int monitors[MOST]; /* apart, because all of them are looked through */
	int inits[MOST];
	struct kept entries[MOST];
	int pipes[MOST][2]; /* to a later monitor, for the end of its program; 0: there is none */
} keeper;

static uint32_t owed; /* by a monitor to a keeper whose queue was full */

/* Where the descriptors of an entry are, in the order in which they travel. */
static int descriptors_of(struct kept *entry, int64_t **at)
{
	int n = 0;

	if (entry->pidfd >= 0)
		at[n++] = &entry->pidfd;
	for (int i = 0; i < ROLES; i++)
		if (is_descriptor(i) && entry->roles[i] >= 0)
			at[n++] = &entry->roles[i];
	return n;
}

int tell_keeper(uint32_t types)
{
	struct kept mine;
	int64_t *at[ROLES + 1];
	int numbers[ROLES + 1];
	int n = 0;

	owed |= types;
	if (owed == 0 || launch.keeper < 0 || launch.roles[ROLE_LISTENER] < 0)
		return 0;
	mine = (struct kept){owed, 0, (int)syscall0(__NR_getpid), launch.init, launch.init_pidfd, {0}};
	memcpy(mine.roles, launch.roles, sizeof(mine.roles));
	if (owed & KEEP_ALL)
		n = descriptors_of(&mine, at);
	for (int i = 0; i < n; i++)
		numbers[i] = (int)*at[i];
	if (send_descriptors(launch.keeper, &mine, sizeof(mine), numbers, n) != -EAGAIN)
		owed = 0;
	return owed != 0;
}

static void let_go(int i)
{
	int64_t *at[ROLES + 1];
	int n = descriptors_of(&keeper.entries[i], at);

	while (n-- > 0)
		close_fd((int)*at[n]);
}

static void drop(int i)
{
	int last = --keeper.count;

	let_go(i);
	for (int end = 0; end < 2; end++) {
		if (keeper.pipes[i][end] > 0)
			close_fd(keeper.pipes[i][end]);
		keeper.pipes[i][end] = keeper.pipes[last][end];
		keeper.pipes[last][end] = 0;
	}
	keeper.monitors[i] = keeper.monitors[last];
	keeper.inits[i] = keeper.inits[last];
	keeper.entries[i] = keeper.entries[last];
}

static int find(const int *among, int pid)
{
	for (int i = 0; i < keeper.count; i++)
		if (among[i] == pid)
			return i;
	return -1;
}

static void close_all(const int *descriptors, int n)
{
	while (n-- > 0)
		close_fd(descriptors[n]);
}

/* A monitor that speaks again, because it watches another program now, is kept anew. */
static void keep(struct kept *entry, const int *passed, int n)
{
	int64_t *at[ROLES + 1];
	int i = find(keeper.monitors, entry->monitor);

	if (n != descriptors_of(entry, at) || (i < 0 && keeper.count == MOST)) {
		close_all(passed, n);
		return;
	}
	while (n-- > 0)
		*at[n] = passed[n];
	if (i >= 0)
		let_go(i);
	else
		i = keeper.count++;
	keeper.entries[i] = *entry;
	keeper.monitors[i] = entry->monitor;
	keeper.inits[i] = entry->init;
}

/* The program is to see the end of its input. */
static void let_go_of_input(int monitor)
{
	int i = find(keeper.monitors, monitor);

	if (i < 0)
		return;
	close_fd((int)keeper.entries[i].roles[ROLE_STDIN]);
	keeper.entries[i].roles[ROLE_STDIN] = -1;
}

static void hear_all(void)
{
	for (;;) {
		struct kept entry;
		int passed[ROLES + 1];
		int n = ROLES + 1;
		long got = receive_message(CONTROL, &entry, sizeof(entry), passed, &n);

		if (got == -EMSGSIZE)
			close_all(passed, n); /* not all of them found room */
		else if (got <= 0)
			return;
		else if (entry.types & KEEP_ALL)
			keep(&entry, passed, n);
		else
			let_go_of_input(entry.monitor);
	}
}

static void name_it(const char *name)
{
	syscall5(__NR_prctl, PR_SET_NAME, name, 0, 0, 0);
}

static int has_pipe(int i)
{
	return keeper.pipes[i][0] > 0 ||
	       syscall2(__NR_pipe2, keeper.pipes[i], O_CLOEXEC | NONBLOCK) == 0;
}

/* The next monitor of a container. One that is killed over and over is not replaced for ever. */
static void renew(int i)
{
	long pid = -EAGAIN;

	if (keeper.entries[i].renewals++ < RENEWALS && has_pipe(i))
		pid = syscall5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		name_it("kapsel-launcher");
		syscall5(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		launch.init = keeper.inits[i];
		launch.init_pidfd = (int)keeper.entries[i].pidfd;
		launch.keeper = MOUTH;
		memcpy(launch.roles, keeper.entries[i].roles, sizeof(launch.roles));
		close_fd(CONTROL);
		monitor_another(keeper.pipes[i][0]);
	}
	if (pid < 0)
		drop(i);
	else
		keeper.monitors[i] = (int)pid;
}

/* A monitor that has left by itself has told the end of its container. */
static void ended(int pid, const struct end *end)
{
	int i = find(keeper.monitors, pid);

	if (i >= 0 && (end->status & 0x7f) != 0) {
		renew(i);
	} else if (i >= 0) {
		drop(i);
	} else {
		i = find(keeper.inits, pid);
		if (i >= 0 && has_pipe(i))
			syscall3(__NR_write, keeper.pipes[i][1], end, sizeof(*end));
	}
}

/* What a child has said before it ended is heard first. */
static void reap_all(int signals)
{
	char drained[128];
	struct end end;
	long pid;

	while (syscall3(__NR_read, signals, drained, sizeof(drained)) > 0)
		;
	while ((pid = syscall4(__NR_wait4, -1, &end.status, WNOHANG | __WALL, &end.usage)) > 0) {
		hear_all();
		ended((int)pid, &end);
	}
	if (pid == -ECHILD)
		leave(0);
}

/* As many descriptors as the kernel allows, or at least as it allows this process. */
static void make_room(void)
{
	uint64_t room[2] = {1 << 20, 1 << 20};

	if (syscall4(__NR_prlimit64, 0, RLIMIT_NOFILE, room, NULL) == 0)
		return;
	syscall4(__NR_prlimit64, 0, RLIMIT_NOFILE, NULL, room);
	room[0] = room[1];
	syscall4(__NR_prlimit64, 0, RLIMIT_NOFILE, room, NULL);
}

_Noreturn static void keep_all(void)
{
	struct pollfd polled[2] = {{CONTROL, POLLIN, 0}, {watch_children(), POLLIN, 0}};

	name_it("kapsel-keeper");
	make_room();
	for (;;) {
		syscall5(__NR_ppoll, polled, 2, NULL, NULL, 0);
		hear_all();
		if (polled[1].revents)
			reap_all(polled[1].fd);
	}
}

void leave_keeper(void)
{
	int pair[2];
	long pid;

	if (syscall4(__NR_socketpair, KERNEL_AF_UNIX, SEQPACKET | KERNEL_SOCK_CLOEXEC | NONBLOCK, 0,
		     pair) < 0)
		return;
	syscall5(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = syscall5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid > 0) {
		syscall3(__NR_dup3, pair[0], CONTROL, O_CLOEXEC);
		if (pair[1] != MOUTH)
			syscall3(__NR_dup3, pair[1], MOUTH, O_CLOEXEC);
		syscall3(__NR_close_range, MOUTH + 1, ~0u, 0);
		become_parent();
		keep_all();
	}
	close_fd(pair[0]);
	if (pid == 0)
		launch.keeper = pair[1];
	else
		close_fd(pair[1]);
}
