/*
 * The monitor's life from the execution of the program to its end: it relays (relay.c), listens to
 * the engine and to the next one, reaps, and keeps the exit status.
 */
#include "relay.h"

#include <linux/mman.h>
#include <linux/time_types.h>

enum { CONTROLS = 4, PATIENCE_MILLISECONDS = 60000, STEP_MILLISECONDS = 500 };
enum { MAX_REMAINDER = 4 << 20 }; /* twice what two pipes may hold */
enum { P_ENDS, P_LISTENER, P_CONTROLS, P_RELAY = P_CONTROLS + CONTROLS };

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
	int ends; /* readable when the program may have ended */
	void (*hear_end)(void);
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
	tell_keeper(KEEP_ALL);
	for (int i = 0; i < self.control_count; i++)
		tell_started(self.controls[i]);
}

/* Whoever asks for a terminal is told which one it is. */
static void let_attach(int control, const struct message *asked, int client)
{
	int number = attach(client, asked->a, asked->b, asked->c);

	if (asked->b != 0 || asked->c != 0)
		send_message(control, MESSAGE_ATTACHED, number, 0, 0, -1);
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
		let_attach(self.controls[i], &message, passed[0]);
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

static void ended(const struct end *end)
{
	self.exited = 1;
	self.status = end->status;
	write_record(&end->usage);
}

static void reap(void)
{
	char drained[128];
	struct end end;
	long pid;

	while (syscall3(__NR_read, self.ends, drained, sizeof(drained)) > 0)
		;
	while ((pid = syscall4(__NR_wait4, -1, &end.status, WNOHANG | __WALL, &end.usage)) > 0)
		if (pid == launch.init)
			ended(&end);
}

/* Without a keeper the kernel knows once somebody has reaped it, since Linux 6.15; else nobody is
 * told. */
static void ask_kernel(void)
{
	uint64_t info[8] = {1 << 3 /* PIDFD_INFO_EXIT */}; /* struct pidfd_info */
	struct pollfd reaped = {launch.init_pidfd, 0, 0};
	struct __kernel_timespec patience = {1, 0};
	struct end end;

	self.ends = -1;
	memset(&end, 0, sizeof(end));
	syscall5(__NR_ppoll, &reaped, 1, &patience, NULL, 0);
	if (syscall3(__NR_ioctl, launch.init_pidfd, 0xc040ff0b /* PIDFD_GET_INFO */, info) == 0 &&
	    (info[0] & 1 << 3) != 0) {
		end.status = (int)(info[7] >> 32);
		ended(&end);
		return;
	}
	close_fd((int)launch.roles[ROLE_LISTENER]);
	while (self.control_count > 0)
		close_fd(self.controls[--self.control_count]);
	launch.roles[ROLE_LISTENER] = -1;
	self.exited = 1;
	self.status = SIGKILL;
}

/* Of a program that is not our child, but the keeper's. */
static void hear_keeper(void)
{
	struct end end;
	long n = syscall3(__NR_read, self.ends, &end, sizeof(end));

	if (n == sizeof(end)) {
		ended(&end);
		self.ends = -1;
	} else if (n >= 0) {
		close_fd(self.ends);
		self.ends = launch.init_pidfd;
		self.hear_end = ask_kernel;
	}
}

static long poll_once(long milliseconds)
{
	struct pollfd p[P_RELAY + RELAY_PLACES];
	struct __kernel_timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
	int used = P_RELAY + relay_watch(p + P_RELAY);
	long n;

	p[P_ENDS] = (struct pollfd){self.ends, POLLIN, 0};
	p[P_LISTENER] = (struct pollfd){(int)launch.roles[ROLE_LISTENER], POLLIN, 0};
	for (int i = 0; i < CONTROLS; i++)
		p[P_CONTROLS + i] =
			(struct pollfd){i < self.control_count ? self.controls[i] : -1, POLLIN, 0};
	n = syscall5(__NR_ppoll, p, used, milliseconds < 0 ? NULL : &wait, NULL, 0);
	if (n <= 0)
		return n;
	if (p[P_ENDS].revents)
		self.hear_end();
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
	uint64_t sum = relays[0].chunk_size;

	for (int i = 0; i < relays[0].client_count; i++)
		sum = sum * 31 + relays[0].clients[i].sent;
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

		while (relays[0].chunk_size == 0 && budget > 0 && relay_fetch())
			budget--;
		if (relays[0].chunk_size == 0 || stuck > 0) {
			log_end();
			if (!told)
				tell_controls();
			told = 1;
		}
		if (relays[0].chunk_size == 0 && relay_say_goodbye(self.status) == 0)
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
		int kept[] = {CONTROL, launch.init_pidfd, self.ends, launch.keeper};

		for (unsigned int i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			if ((unsigned int)kept[i] >= from && (unsigned int)kept[i] < next)
				next = (unsigned int)kept[i];
		for (int i = ROLE_LOG_DIRECTORY; i < ROLES; i++)
			if (is_descriptor(i) && launch.roles[i] >= (int64_t)from &&
			    launch.roles[i] < (int64_t)next)
				next = (unsigned int)launch.roles[i];
		for (int i = 0; i < relays[0].client_count; i++)
			if ((unsigned int)relays[0].clients[i].fd >= from &&
			    (unsigned int)relays[0].clients[i].fd < next)
				next = (unsigned int)relays[0].clients[i].fd;
		if (next > from)
			syscall3(__NR_close_range, from, next - 1, 0);
		if (next == ~0u)
			return;
		from = next + 1;
	}
}

int watch_children(void)
{
	uint64_t child = 1ul << (SIGCHLD - 1);

	return (int)syscall4(__NR_signalfd4, -1, &child, sizeof(child),
			     NONBLOCK | KERNEL_SOCK_CLOEXEC);
}

static void begin(int ends, void (*hear_end)(void))
{
	self.ends = ends;
	self.hear_end = hear_end;
	relay_open();
	log_keep((int)launch.roles[ROLE_LOG_DIRECTORY], (uint64_t)launch.roles[ROLE_LOG_LIMIT]);
	close_others();
}

_Noreturn static void go_on(void)
{
	while (!self.exited)
		poll_once(tell_keeper(0) ? STEP_MILLISECONDS : -1);
	finish();
	leave(0);
}

_Noreturn void monitor(void)
{
	close_fd(launch.sync);
	launch.sync = -1;
	begin(watch_children(), reap);
	tell_keeper(KEEP_ALL); /* first: whoever hears of the start may kill this monitor */
	add_control(CONTROL);
	reap();
	go_on();
}

_Noreturn void monitor_another(int ends)
{
	begin(ends, hear_keeper);
	go_on();
}
