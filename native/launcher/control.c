/*
 * The launcher: obeys the messages on its control socket, one after the other.
 *
 * It is run by the engine from a sealed memfd with nothing but that socket, and started by anybody
 * else (as an image's entrypoint, through /proc/self/exe) it ends at once. The first one forks one
 * of itself for each container: a fork of a few pages is all that a container's monitor costs.
 */
#include "launcher.h"

#include <linux/mman.h>
#include <linux/sched.h>

enum { SEALS = 0x1 | 0x2 | 0x4 | 0x8, GET_SEALS = 1034, SEEK_TO_END = 2, SEQPACKET = 5 };
enum { GET_TYPE = 3, GET_PEER = 17, GET_DOMAIN = 39 };

struct launch launch;

_Static_assert(sizeof(struct kernel_action) == sizeof(struct sigaction), "rt_sigaction(2)");

static long move_descriptors(int number, int socket, void *bytes, size_t size, int *descriptors,
			     int *count)
{
	char control[sizeof(struct kernel_control) + MAX_INPUTS * sizeof(int)]
		__attribute__((aligned(8)));
	struct kernel_control *head = (struct kernel_control *)control;
	struct iovec part = {bytes, size};
	struct kernel_message m = {.parts = &part, .part_count = 1};
	size_t length = (size_t)*count * sizeof(int);
	int sending = number == __NR_sendmsg;
	long result;

	if (*count > 0) {
		m.control = control;
		/* when receiving not a byte more than there is room for, or more would come */
		m.control_length = sizeof(*head) + (sending ? (length + 7) & ~7ul : length);
		*head = (struct kernel_control){sizeof(*head) + length, KERNEL_SOL_SOCKET,
						KERNEL_SCM_RIGHTS};
		if (sending)
			memcpy(head + 1, descriptors, length);
	}
	do
		result = syscall3(number, socket, &m,
				  sending ? KERNEL_MSG_NOSIGNAL : KERNEL_MSG_CMSG_CLOEXEC);
	while (result == -EINTR);
	if (sending || result <= 0)
		return result;
	if (*count == 0 || m.control_length < sizeof(*head) || head->type != KERNEL_SCM_RIGHTS) {
		*count = 0;
		return (size_t)result == size ? result : -EMSGSIZE;
	}
	*count = (int)((head->length - sizeof(*head)) / sizeof(int));
	memcpy(descriptors, head + 1, (size_t)*count * sizeof(int));
	if (m.flags & KERNEL_MSG_CTRUNC || (size_t)result != size)
		return -EMSGSIZE;
	return result;
}

/* `count` in: room; out: how many came. A result of 0: the other side is gone. */
long receive_message(int socket, void *message, size_t size, int *descriptors, int *count)
{
	return move_descriptors(__NR_recvmsg, socket, message, size, descriptors, count);
}

long send_descriptors(int socket, const void *message, size_t size, const int *descriptors,
		      int count)
{
	union {
		const void *in;
		void *out;
	} bytes = {message};
	union {
		const int *in;
		int *out;
	} passed = {descriptors};

	return move_descriptors(__NR_sendmsg, socket, bytes.out, size, passed.out, &count);
}

long send_message(int socket, uint32_t type, int a, int b, int c, int descriptor)
{
	struct message m = {type, a, b, c};

	return send_descriptors(socket, &m, sizeof(m), &descriptor, descriptor >= 0 ? 1 : 0);
}

int map_segment(int memfd, struct plan *plan)
{
	long size = syscall3(__NR_lseek, memfd, 0, SEEK_TO_END);
	long seals = syscall2(__NR_fcntl, memfd, GET_SEALS);
	long address;

	plan->header = NULL;
	if (size <= 0 || size > MAX_SEGMENT || seals < 0 || (seals & SEALS) != SEALS) {
		close_fd(memfd);
		return -1;
	}
	address = syscall6(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, memfd, 0);
	close_fd(memfd);
	if (address < 0 && address > -4096)
		return -1;
	if (plan_check((uint8_t *)address, (size_t)size, plan) < 0) {
		syscall2(__NR_munmap, address, size);
		plan->header = NULL;
		return -1;
	}
	plan_relocate(plan);
	return 0;
}

void unmap_segment(const struct plan *plan)
{
	if (plan->header != NULL)
		syscall2(__NR_munmap, plan->header, plan->header->size);
}

_Noreturn static void give_up(struct failure failure)
{
	if (failure.half == HALF_MONITOR)
		hear_last_words();
	if (launch.peer.error != 0)
		failure = launch.peer;
	if (launch.init_pidfd >= 0)
		syscall4(__NR_pidfd_send_signal, launch.init_pidfd, SIGKILL, NULL, 0);
	if (launch.init > 0)
		syscall4(__NR_wait4, launch.init, NULL, 0, NULL);
	send_message(CONTROL, MESSAGE_FAILED, failure.half, failure.step, failure.error, -1);
	leave(1);
}

static void forward(int memfd)
{
	struct sync_message m = {SYNC_SEGMENT, 0, 0};

	if (launch.sync >= 0)
		send_descriptors(launch.sync, &m, sizeof(m), &memfd, 1);
}

static void run_segment(const int *descriptors, int count)
{
	static const struct failure refused = {HALF_MONITOR, -1, EPROTO};
	struct failure failure;
	struct plan plan;
	int final;

	if (count < 1)
		give_up(refused);
	forward(descriptors[0]);
	if (map_segment(descriptors[0], &plan) < 0 || plan.header->inputs != (uint32_t)(count - 1))
		give_up(refused);
	for (int i = 1; i < count; i++)
		launch.slots[plan.header->input_base + (uint32_t)i - 1] = descriptors[i];
	final = (plan.header->flags & PLAN_FINAL) != 0;
	if (run_steps(&plan, plan.monitor, plan.header->monitor, &failure) < 0)
		give_up(failure);
	unmap_segment(&plan);
	if (!final) {
		launch.segment++;
		send_message(CONTROL, MESSAGE_DONE, launch.init, (int)syscall0(__NR_getpid), 0,
			     -1);
		return;
	}
	if (launch.sync < 0)
		give_up(refused);
	if (await_exec() < 0)
		give_up((struct failure){HALF_MONITOR, -1, ECANCELED});
	if (launch.roles[ROLE_FLAGS] & FLAG_DETACHED) {
		send_message(CONTROL, MESSAGE_STARTED, launch.init, (int)syscall0(__NR_getpid), 0,
			     launch.init_pidfd);
		leave(0);
	}
	monitor();
}

/* The keeper's child serves the new socket; what the first launcher knows (its slots) it knows too.
 */
static void spawn(int socket)
{
	long pid;

	if (launch.keeper < 0)
		leave_keeper();
	/* with SIGCHLD as its exit signal, because only then a parent that ignores it is rid of it
	 */
	pid = syscall5(__NR_clone, SIGCHLD | (launch.keeper < 0 ? 0 : CLONE_PARENT), 0, 0, 0, 0);

	if (pid == 0) {
		launch.segment = 0;
		syscall3(__NR_dup3, socket, CONTROL, O_CLOEXEC);
		syscall5(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	}
	close_fd(socket);
	if (pid < 0)
		send_message(CONTROL, MESSAGE_FAILED, HALF_MONITOR, -1, (int)-pid, -1);
}

static int is_our_socket(void)
{
	int type = 0, domain = 0;
	int size = sizeof(int);
	struct {
		int pid;
		unsigned int uid, gid;
	} peer = {0, ~0u, ~0u};
	int peer_size = sizeof(peer);

	if (syscall5(__NR_getsockopt, CONTROL, KERNEL_SOL_SOCKET, GET_TYPE, &type, &size) < 0 ||
	    syscall5(__NR_getsockopt, CONTROL, KERNEL_SOL_SOCKET, GET_DOMAIN, &domain, &size) < 0 ||
	    syscall5(__NR_getsockopt, CONTROL, KERNEL_SOL_SOCKET, GET_PEER, &peer, &peer_size) < 0)
		return 0;
	return type == SEQPACKET && domain == KERNEL_AF_UNIX && peer.uid == syscall0(__NR_geteuid);
}

/* A guest, started by a client in its own tree of processes, keeps what that passes on. */
static void born_clean(int guest)
{
	struct kernel_action standard;
	struct kernel_action ignore;
	uint64_t none = 0;

	memset(&standard, 0, sizeof(standard));
	ignore = standard;
	ignore.handler = 1; /* SIG_IGN: the kernel reaps the monitors */
	if (!guest) {
		syscall3(__NR_close_range, 0, CONTROL - 1, 0);
		syscall3(__NR_close_range, CONTROL + 1, ~0u, 0);
		for (int i = 0; i < CONTROL; i++)
			syscall4(__NR_openat, -100, "/dev/null", O_RDWR, 0);
	}
	syscall3(__NR_fcntl, CONTROL, 2 /* F_SETFD */, 1);
	syscall1(__NR_umask, 077);
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	for (int n = 1; n <= 64; n++)
		syscall4(__NR_rt_sigaction, n, &standard, NULL, sizeof(uint64_t));
	syscall4(__NR_rt_sigaction, SIGCHLD, &ignore, NULL, sizeof(uint64_t));
	syscall5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* else it is shown under the number of the descriptor that it was started from */
	syscall5(__NR_prctl, PR_SET_NAME, "kapsel-launcher", 0, 0, 0);
}

int kapsel_main(int argc, char **argv, char **envp)
{
	(void)argv;
	(void)envp;
	if (!is_our_socket())
		return 127;
	born_clean(argc > 1);
	for (int i = 0; i < SLOTS; i++)
		launch.slots[i] = -1;
	for (int i = 0; i < ROLES; i++)
		launch.roles[i] = i == ROLE_LOG_LIMIT || i == ROLE_FLAGS ? 0 : -1;
	launch.sync = launch.init_pidfd = launch.keeper = -1;
	for (;;) {
		struct message m;
		int descriptors[MAX_INPUTS + 1];
		int count = MAX_INPUTS;
		long got = receive_message(CONTROL, &m, sizeof(m), descriptors, &count);

		if (got <= 0) {
			if (launch.init_pidfd >= 0)
				syscall4(__NR_pidfd_send_signal, launch.init_pidfd, SIGKILL, NULL,
					 0);
			return 0;
		}
		if (m.type == MESSAGE_SEGMENT)
			run_segment(descriptors, count);
		else if (m.type == MESSAGE_SPAWN && count == 1 && launch.sync < 0)
			spawn(descriptors[0]);
		else if (m.type == MESSAGE_ATTACH && count == 1)
			attach(descriptors[0], m.a, 0, 0);
		else
			give_up((struct failure){HALF_MONITOR, -1, EPROTO});
	}
}
