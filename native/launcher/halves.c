/*
 * The two halves of a launch, monitor and init, and the sync socket between them.
 *
 * The init half reports its failing step there and ends; that the socket ends without a word means
 * that the program was executed, because the socket is close-on-exec.
 */
#include "launcher.h"

#include <linux/sched.h>

enum { SEQPACKET = 5 };

void tell_sync(uint32_t type, uint32_t a, uint32_t b)
{
	struct sync_message m = {type, a, b};

	send_descriptors(launch.sync, &m, sizeof(m), NULL, 0);
}

_Noreturn void init_half(const struct plan *plan)
{
	struct plan next = *plan;
	struct failure failure;

	for (;;) {
		struct sync_message m;
		int memfd = -1;
		int count = 1;

		if (run_steps(&next, next.init, next.header->init, &failure) < 0) {
			tell_sync(SYNC_FAILED, (uint32_t)failure.step, (uint32_t)failure.error);
			leave(1);
		}
		unmap_segment(&next);
		launch.segment++;
		if (receive_message(launch.sync, &m, sizeof(m), &memfd, &count) <= 0 ||
		    m.type != SYNC_SEGMENT || map_segment(memfd, &next) < 0)
			leave(1);
	}
}

static int sync_ended(void)
{
	struct pollfd polled = {launch.sync, 0, 0};
	uint64_t no_time[2] = {0, 0};

	return syscall5(__NR_ppoll, &polled, 1, no_time, NULL, 0) > 0;
}

/* The sync socket tells of a parent that died before the kernel was asked to. */
static void die_with_parent(void)
{
	syscall5(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sync_ended())
		leave(1);
}

static void enter_init(int sync)
{
	uint64_t none = 0;

	launch.half = HALF_INIT;
	syscall3(__NR_dup3, sync, SYNC_OF_INIT, O_CLOEXEC);
	close_fd(sync);
	launch.sync = SYNC_OF_INIT;
	close_fd(launch.keeper);
	launch.keeper = -1;
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	die_with_parent();
}

/* A parent of an init half waits for it, and no signal but KILL ends it: not PIPE, nor a stray one.
 */
void become_parent(void)
{
	struct kernel_action standard;
	uint64_t all = ~0ul;

	memset(&standard, 0, sizeof(standard));
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	syscall4(__NR_rt_sigaction, SIGCHLD, &standard, NULL, sizeof(uint64_t));
}

static long clone_with(uint64_t flags, int64_t cgroup, int *pidfd)
{
	struct clone_args args;

	memset(&args, 0, sizeof(args));
	args.flags = flags | CLONE_PIDFD;
	args.pidfd = (uint64_t)(uintptr_t)pidfd;
	args.exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD;
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	return syscall2(__NR_clone3, &args, sizeof(args));
}

static void await_end(int process)
{
	struct pollfd polled = {process, POLLIN, 0};

	while (syscall5(__NR_ppoll, &polled, 1, NULL, NULL, 0) == -EINTR)
		continue;
	close_fd(process);
}

/*
 * In the init half: a second process, needed where a pid namespace was joined by setns(2). It says
 * nothing before the first one has told who it is and left: else the monitor, who hears both on one
 * socket, would take the first one for it.
 */
static long split_again(uint64_t flags, int64_t cgroup)
{
	int pidfd = -1;
	long first = syscall2(__NR_pidfd_open, syscall0(__NR_getpid), 0);
	long pid = first < 0 ? first : clone_with(flags, cgroup, &pidfd);

	if (pid < 0) {
		close_fd((int)first);
		return pid;
	}
	if (pid > 0) {
		tell_sync(SYNC_PID, (uint32_t)pid, 0);
		leave(0);
	}
	await_end((int)first);
	die_with_parent();
	return 0;
}

long split(const struct plan *plan, uint64_t flags, int64_t cgroup, const struct step *step)
{
	int pair[2];
	int pidfd = -1;
	long result;

	if (launch.half == HALF_INIT)
		return split_again(flags, cgroup);
	if (launch.sync >= 0)
		return -EINVAL;
	result =
		syscall4(__NR_socketpair, KERNEL_AF_UNIX, SEQPACKET | KERNEL_SOCK_CLOEXEC, 0, pair);
	if (result < 0)
		return result;
	become_parent();
	result = clone_with(flags, cgroup, &pidfd);
	if (result == 0) {
		close_fd(pair[0]);
		enter_init(pair[1]);
		init_half(plan);
	}
	close_fd(pair[1]);
	if (result < 0) {
		close_fd(pair[0]);
		return result;
	}
	launch.sync = pair[0];
	launch.init = (int)result;
	launch.init_pidfd = pidfd;
	launch.init_slot = step->slot;
	if (step->slot != NO_SLOT)
		launch.slots[step->slot + 1] = pidfd;
	return result;
}

/* To another number, where the program is to have a descriptor of that one. */
long move_sync(int number)
{
	long result = syscall3(__NR_dup3, launch.sync, number, O_CLOEXEC);

	if (result < 0)
		return result;
	close_fd(launch.sync);
	launch.sync = number;
	return 0;
}

long pass(const int64_t *descriptors, int count)
{
	struct sync_message m = {SYNC_PASS, 0, 0};
	int numbers[MAX_PASSED];

	for (int i = 0; i < count; i++) {
		if (descriptors[i] < 0)
			return -EBADF;
		numbers[i] = (int)descriptors[i];
	}
	return send_descriptors(launch.sync, &m, sizeof(m), numbers, count);
}

/* The monitor also listens to the engine while it waits for the init half: an engine that is gone
 * is an end. */
static long wait_for_init(void)
{
	struct pollfd polled[2] = {{launch.sync, POLLIN, 0}, {CONTROL, 0, 0}};
	long result;

	do
		result = syscall5(__NR_ppoll, polled, 2, NULL, NULL, 0);
	while (result == -EINTR);
	if (result < 0)
		return result;
	return polled[1].revents & (POLLHUP | POLLERR) ? -ECONNRESET : 0;
}

static void note(const struct sync_message *m)
{
	switch (m->type) {
	case SYNC_FAILED:
		launch.peer = (struct failure){HALF_INIT, (int32_t)m->a, (int32_t)m->b};
		break;
	case SYNC_NOTICE:
		send_message(CONTROL, MESSAGE_NOTICE, HALF_INIT, (int)m->a, (int)m->b, -1);
		break;
	case SYNC_PID:
		close_fd(launch.init_pidfd);
		syscall4(__NR_wait4, launch.init, NULL, 0, NULL);
		launch.init = (int)m->a;
		launch.init_pidfd = (int)syscall2(__NR_pidfd_open, launch.init, 0);
		if (launch.init_slot != NO_SLOT) {
			launch.slots[launch.init_slot] = launch.init;
			launch.slots[launch.init_slot + 1] = launch.init_pidfd;
		}
		break;
	default:
		break;
	}
}

long take(int64_t *results, int count)
{
	if (launch.sync < 0)
		return -EPIPE;
	for (;;) {
		struct sync_message m;
		int descriptors[MAX_PASSED];
		int n = MAX_PASSED;
		long result = launch.half == HALF_MONITOR ? wait_for_init() : 0;

		if (result == 0)
			result = receive_message(launch.sync, &m, sizeof(m), descriptors, &n);
		if (result <= 0)
			return result < 0 ? result : -EPIPE;
		if (m.type != SYNC_PASS) {
			note(&m);
			if (launch.peer.error != 0)
				return -launch.peer.error;
			continue;
		}
		if (n != count)
			return -EPROTO;
		for (int i = 0; i < n; i++)
			results[i] = descriptors[i];
		return 0;
	}
}

/* The init half may have said why it ended before the monitor stumbled over that. */
void hear_last_words(void)
{
	struct pollfd polled = {launch.sync, POLLIN, 0};
	uint64_t no_time[2] = {0, 0};

	while (launch.sync >= 0 && launch.peer.error == 0 &&
	       syscall5(__NR_ppoll, &polled, 1, no_time, NULL, 0) > 0) {
		struct sync_message m;
		int n = 0;

		if (receive_message(launch.sync, &m, sizeof(m), NULL, &n) <= 0)
			return;
		note(&m);
	}
}

/* 0 when the program was executed; else -1, and launch.peer or nothing says why. */
int await_exec(void)
{
	for (;;) {
		struct sync_message m;
		int n = 0;

		if (wait_for_init() < 0)
			return -1;
		if (receive_message(launch.sync, &m, sizeof(m), NULL, &n) <= 0)
			return 0;
		note(&m);
		if (launch.peer.error != 0)
			return -1;
	}
}

long execute(char *const *candidates, char *const *argv, char *const *envp)
{
	long result = -ENOENT;
	int denied = 0;

	for (; *candidates != NULL; candidates++) {
		result = syscall3(__NR_execve, *candidates, argv, envp);
		if (result == -EACCES)
			denied = 1;
		else if (result != -ENOENT && result != -ENOTDIR)
			break;
	}
	return denied && (result == -ENOENT || result == -ENOTDIR) ? -EACCES : result;
}

/* Pid 1 of a container that asked for an init: passes signals on, reaps, ends as its child ends. */
_Noreturn static void reap_for(int child)
{
	uint64_t all = ~0ul;
	int status = 0;

	syscall3(__NR_close_range, 0, ~0u, 0);
	for (;;) {
		char info[128];
		long got = syscall4(__NR_rt_sigtimedwait, &all, info, NULL, sizeof(all));
		long pid;

		if (got > 0 && got != SIGCHLD)
			syscall2(__NR_kill, child, got);
		while ((pid = syscall4(__NR_wait4, -1, &status, WNOHANG, NULL)) > 0) {
			if (pid != child)
				continue;
			leave((status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
		}
	}
}

long become_reaper(void)
{
	uint64_t all = ~0ul;
	uint64_t none = 0;
	long pid;
	int group = 0;

	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	/* clone, not clone3: the seccomp filter is in force already and lets only the first through
	 */
	pid = syscall5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		return pid;
	if (pid > 0)
		reap_for((int)pid);
	syscall2(__NR_setpgid, 0, 0);
	group = (int)syscall0(__NR_getpid);
	syscall3(__NR_ioctl, 0, 0x5410 /* TIOCSPGRP */, &group);
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	return 0;
}
