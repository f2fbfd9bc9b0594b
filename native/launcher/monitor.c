/*
 * The monitor's life from the execution of the program to its end: it relays (relay.c), listens to
 * the engine and to the next one, reaps, and keeps the exit status.
 */
#include "relay.h"

#include <linux/mman.h>
#include <linux/resource.h>
#include <linux/time_types.h>
#include <linux/wait.h>

enum { CONTROLS = 4, PATIENCE_MILLISECONDS = 60000, STEP_MILLISECONDS = 500 };
enum { MAX_REMAINDER = 4 << 20 }; /* twice what two pipes may hold */
enum { P_SIGNALS, P_LISTENER, P_CONTROLS, P_RELAY = P_CONTROLS + CONTROLS };

struct exit_record {
	uint32_t magic;
	uint32_t version;
	int32_t status;
	uint32_t reserved;
	uint64_t finished;
	uint64_t user;
	uint64_t system;
	uint64_t rss;
	uint64_t spare[2];
};

_Static_assert(sizeof(struct exit_record) == 64, "exit record");

static struct {
	int controls[CONTROLS];
	int control_count;
	int signals; /* signalfd for SIGCHLD */
	int exited;
	int status;
} self;

void signal_init(int number)
{
	if (!self.exited && number > 0 && number <= 64)
		syscall4(__NR_pidfd_send_signal, launch.init_pidfd, number, NULL, 0);
}

static void tell_started(int fd)
{
	send_message(fd, MESSAGE_STARTED, launch.init, (int)syscall0(__NR_getpid), 0,
		     launch.init_pidfd);
}

/* An engine that does not read is not waited for. */
static void add_control(int fd)
{
	if (self.control_count == CONTROLS) {
		close_fd(fd);
		return;
	}
	set_nonblocking(fd);
	self.controls[self.control_count++] = fd;
	tell_started(fd);
}

static void accept_control(void)
{
	long fd = syscall4(__NR_accept4, launch.roles[ROLE_LISTENER], NULL, NULL,
			   KERNEL_SOCK_CLOEXEC);

	if (fd >= 0)
		add_control((int)fd);
}

/* The program has made the one that is watched in its place: what CRIU has brought back. */
static void adopt(int pid, int pty)
{
	int pidfd = (int)syscall2(__NR_pidfd_open, pid, 0);

	if (pidfd < 0) {
		close_fd(pty);
		return;
	}
	close_fd(launch.init_pidfd);
	launch.init = pid;
	launch.init_pidfd = pidfd;
	if (pty >= 0) {
		launch.roles[ROLE_PTY] = pty;
		relay_open();
	}
	for (int i = 0; i < self.control_count; i++)
		tell_started(self.controls[i]);
}

static void serve_control(int i)
{
	struct message message;
	int passed[2] = {-1, -1};
	int count = 2;
	long n = receive_message(self.controls[i], &message, sizeof(message), passed, &count);

	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		close_fd(self.controls[i]);
		self.controls[i] = self.controls[--self.control_count];
	} else if (message.type == MESSAGE_ATTACH && count > 0) {
		attach(passed[0], message.a);
		passed[0] = -1;
	} else if (message.type == MESSAGE_SIGNAL) {
		signal_init(message.a);
	} else if (message.type == MESSAGE_ADOPT) {
		adopt(message.a, passed[0]);
		passed[0] = -1;
	}
	close_fd(passed[0]);
	close_fd(passed[1]);
}

static void tell_controls(void)
{
	for (int i = 0; i < self.control_count; i++)
		send_message(self.controls[i], MESSAGE_EXITED, self.status, 0, 0, -1);
}

static uint64_t microseconds(const struct __kernel_old_timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000u + (uint64_t)time->tv_usec;
}

static void write_record(const struct rusage *usage)
{
	struct exit_record record;
	long time[2] = {0, 0};

	memset(&record, 0, sizeof(record));
	syscall2(__NR_clock_gettime, 0, time);
	record.magic = 0x54495845;
	record.version = 1;
	record.status = self.status;
	record.finished = (uint64_t)time[0] * 1000000000u + (uint64_t)time[1];
	record.user = microseconds(&usage->ru_utime);
	record.system = microseconds(&usage->ru_stime);
	record.rss = (uint64_t)usage->ru_maxrss;
	syscall4(__NR_pwrite64, launch.roles[ROLE_EXIT_RECORD], &record, sizeof(record), 0);
}

static void reap(void)
{
	char drained[128];
	struct rusage usage;
	int status;
	long pid;

	while (syscall3(__NR_read, self.signals, drained, sizeof(drained)) > 0)
		;
	while ((pid = syscall4(__NR_wait4, -1, &status, WNOHANG | __WALL, &usage)) > 0) {
		if (pid != launch.init)
			continue;
		self.exited = 1;
		self.status = status;
		write_record(&usage);
	}
}

static long poll_once(long milliseconds)
{
	struct pollfd p[P_RELAY + RELAY_PLACES];
	struct __kernel_timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
	int used = P_RELAY + relay_watch(p + P_RELAY);
	long n;

	p[P_SIGNALS] = (struct pollfd){self.signals, POLLIN, 0};
	p[P_LISTENER] = (struct pollfd){(int)launch.roles[ROLE_LISTENER], POLLIN, 0};
	for (int i = 0; i < CONTROLS; i++)
		p[P_CONTROLS + i] =
			(struct pollfd){i < self.control_count ? self.controls[i] : -1, POLLIN, 0};
	n = syscall5(__NR_ppoll, p, used, milliseconds < 0 ? NULL : &wait, NULL, 0);
	if (n <= 0)
		return n;
	if (p[P_SIGNALS].revents)
		reap();
	relay_act(p + P_RELAY);
	for (int i = self.control_count - 1; i >= 0; i--)
		if (p[P_CONTROLS + i].revents)
			serve_control(i);
	if (p[P_LISTENER].revents)
		accept_control();
	return n;
}

/* How much the clients have taken; while it changes they are alive. */
static uint64_t progress(void)
{
	uint64_t sum = relay.chunk_size;

	for (int i = 0; i < relay.client_count; i++)
		sum = sum * 31 + relay.clients[i].sent;
	return sum;
}

/*
 * After the end: what is left in the streams goes to the log and to the clients. Others may hold
 * the other ends for ever, so what is there now is all. Clients get the status last. The engine is
 * told when the log is whole, or after half a second when a client that does not read keeps it from
 * that; such a client is given up after a minute without any progress.
 */
static void finish(void)
{
	long stuck = 0;
	int told = 0;
	int budget = MAX_REMAINDER / CHUNK;

	while (stuck < PATIENCE_MILLISECONDS) {
		uint64_t before = progress();

		while (relay.chunk_size == 0 && budget > 0 && relay_fetch())
			budget--;
		if (relay.chunk_size == 0 || stuck > 0) {
			log_end();
			if (!told)
				tell_controls();
			told = 1;
		}
		if (relay.chunk_size == 0 && relay_say_goodbye(self.status) == 0)
			return;
		poll_once(STEP_MILLISECONDS);
		stuck = progress() == before ? stuck + STEP_MILLISECONDS : 0;
	}
	relay_drop_clients();
	while (budget-- > 0 && relay_fetch())
		;
	log_end();
}

/* Everything that only the launch needed is let go. */
static void close_others(void)
{
	unsigned int from = 0;

	for (;;) {
		unsigned int next = ~0u;
		int kept[] = {CONTROL, launch.init_pidfd, self.signals,
			      (int)launch.roles[ROLE_CONSOLE]};

		for (unsigned int i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			if ((unsigned int)kept[i] >= from && (unsigned int)kept[i] < next)
				next = (unsigned int)kept[i];
		for (int i = ROLE_LOG_DIRECTORY; i <= ROLE_PTY; i++)
			if (launch.roles[i] >= (int64_t)from && launch.roles[i] < (int64_t)next)
				next = (unsigned int)launch.roles[i];
		for (int i = 0; i < relay.client_count; i++)
			if ((unsigned int)relay.clients[i].fd >= from &&
			    (unsigned int)relay.clients[i].fd < next)
				next = (unsigned int)relay.clients[i].fd;
		if (next > from)
			syscall3(__NR_close_range, from, next - 1, 0);
		if (next == ~0u)
			return;
		from = next + 1;
	}
}

_Noreturn void monitor(void)
{
	uint64_t child = 1ul << (SIGCHLD - 1);

	close_fd(launch.sync);
	launch.sync = -1;
	relay_open();
	log_keep((int)launch.roles[ROLE_LOG_DIRECTORY], (uint64_t)launch.roles[ROLE_LOG_LIMIT]);
	self.signals = (int)syscall4(__NR_signalfd4, -1, &child, sizeof(child),
				     NONBLOCK | KERNEL_SOCK_CLOEXEC);
	close_others();
	add_control(CONTROL);
	reap();
	while (!self.exited)
		poll_once(-1);
	finish();
	leave(0);
}
