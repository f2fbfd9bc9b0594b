#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <linux/wait.h>

#include "start.h"
#include "syscall.h"
#include "view.h"

enum { SAMPLE_MILLIS = 5000, NANOS = 1000000000, NANOS_A_MILLI = 1000000, AT_ONCE = 256 };

struct state *state;
struct host host;

struct time {
	int64_t seconds;
	int64_t nanoseconds;
};

static struct time clock_now(long clock)
{
	struct time time = {0, 0};

	syscall2(__NR_clock_gettime, clock, &time);
	return time;
}

uint64_t boot_time(void)
{
	struct time now = clock_now(CLOCK_BOOTTIME);

	return (uint64_t)now.seconds * NANOS + (uint64_t)now.nanoseconds;
}

uint64_t real_time(void)
{
	return (uint64_t)clock_now(CLOCK_REALTIME).seconds;
}

size_t read_source(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	while (fd >= 0 && length < size - 1) {
		long count =
			syscall4(__NR_pread64, fd, buffer + length, size - 1 - length, length);

		if (count <= 0)
			break;
		length += (size_t)count;
	}
	buffer[length] = '\0';
	return length;
}

size_t read_piece(int fd, char *buffer, size_t size)
{
	long count = fd < 0 ? 0 : syscall4(__NR_pread64, fd, buffer, size - 1, 0);

	buffer[count > 0 ? count : 0] = '\0';
	return count > 0 ? (size_t)count : 0;
}

uint64_t read_number(int fd, uint64_t otherwise)
{
	char text[32];
	const char *at = text;
	long count = fd < 0 ? 0 : syscall4(__NR_pread64, fd, text, sizeof(text) - 1, 0);

	if (count <= 0 || text[0] < '0' || text[0] > '9')
		return otherwise;
	text[count] = '\0';
	return take_number(&at);
}

static int open_to_read(const char *path)
{
	return (int)syscall4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

void open_host(void)
{
	host.meminfo = open_to_read("/proc/meminfo");
	host.cpuinfo = open_to_read("/proc/cpuinfo");
	host.diskstats = open_to_read("/proc/diskstats");
	host.online = open_to_read("/sys/devices/system/cpu/online");
}

static void mark(uint64_t *used, int fd)
{
	if (fd >= 0 && fd < MOST_DESCRIPTORS)
		used[fd / 64] |= 1ull << (fd % 64);
}

/* A worker that died has left open what only it knew. */
static void close_strays(void)
{
	static uint64_t used[MOST_DESCRIPTORS / 64];

	for (uint32_t i = 0; i < state->most_guests; i++) {
		const struct guest *guest = &state->guests[i];

		for (int k = 0; guest->serial != 0 && k < SOURCES; k++)
			mark(used, guest->sources[k]);
	}
	for (int i = 0; i < MOST_LISTENERS; i++)
		if (state->listeners[i].serial != 0)
			mark(used, state->listeners[i].fd);
	for (int fd = FIRST_OTHER; fd < MOST_DESCRIPTORS;) {
		int first = fd;

		while (fd < MOST_DESCRIPTORS && (used[fd / 64] >> (fd % 64) & 1) == 0)
			fd++;
		if (fd > first)
			syscall3(__NR_close_range, first,
				 fd == MOST_DESCRIPTORS ? ~0u : (unsigned int)fd - 1, 0);
		fd++;
	}
}

/* How long until the next sample; it is taken when it is due. */
static int sample_if_due(void)
{
	uint64_t now = boot_time();
	uint64_t passed = (now - state->sampled) / NANOS_A_MILLI;

	if (passed < SAMPLE_MILLIS)
		return (int)(SAMPLE_MILLIS - passed);
	state->sampled = now;
	sample_loads();
	return SAMPLE_MILLIS;
}

/* Several readers may wait: as long as there are some, nobody asks who else there is. */
static int serve_readers(void)
{
	int step = 1;

	for (int i = 0; i < AT_ONCE && step > 0; i++) {
		step = fuse_step();
		if (step == 0)
			step = fuse_await();
	}
	return step;
}

enum { ON_FUSE, ON_LISTENER, ON_CLIENT, ON_KEEPER, ON_NOTIFY, FIXED };

enum { ON_WAITING = FIXED, ON_DEEDS = ON_WAITING + MOST_WAITING, ON_CALLS = ON_DEEDS + MOST_DEEDS };

static struct pollfd polled[ON_CALLS + MOST_LISTENERS];

/* Whom to listen to; the listeners of guests stand last, as far as there are some. */
static unsigned int prepare(int keeper)
{
	polled[ON_FUSE] = (struct pollfd){FUSE_DEVICE, POLLIN, 0};
	polled[ON_LISTENER] = (struct pollfd){LISTENER, POLLIN, 0};
	polled[ON_CLIENT] = (struct pollfd){control_client(), POLLIN, 0};
	polled[ON_KEEPER] = (struct pollfd){keeper, POLLIN, 0};
	polled[ON_NOTIFY] = (struct pollfd){NOTIFY_LISTENER, POLLIN, 0};
	for (int i = 0; i < MOST_WAITING; i++)
		polled[ON_WAITING + i] = (struct pollfd){intercept_waiting[i], POLLIN, 0};
	for (int i = 0; i < MOST_DEEDS; i++)
		polled[ON_DEEDS + i] = (struct pollfd){deed_fd(i), POLLIN, 0};
	for (uint32_t i = 0; i < state->most_listeners; i++) {
		const struct listener *listener = &state->listeners[i];
		int fd = listener->serial == 0 || is_busy((int)i) ? -1 : listener->fd;

		polled[ON_CALLS + i] = (struct pollfd){fd, POLLIN, 0};
	}
	return ON_CALLS + state->most_listeners;
}

static void serve_calls(unsigned int count)
{
	for (int i = 0; i < MOST_WAITING; i++)
		if (polled[ON_WAITING + i].revents != 0)
			intercept_receive(i);
	for (int i = 0; i < MOST_DEEDS; i++)
		if (polled[ON_DEEDS + i].revents != 0)
			end_deed(i);
	for (unsigned int i = ON_CALLS; i < count; i++)
		if (polled[i].revents != 0)
			intercept_step((int)(i - ON_CALLS), polled[i].revents);
	if (polled[ON_NOTIFY].revents != 0)
		intercept_accept();
}

int serve(int keeper)
{
	intercept_begin();
	begin_deeds();
	for (;;) {
		int end = -1;
		unsigned int count = prepare(keeper);
		int millis = sample_if_due();
		struct time wait = {millis / 1000, (int64_t)(millis % 1000) * NANOS_A_MILLI};

		if (syscall5(__NR_ppoll, polled, count, &wait, 0, 0) <= 0)
			continue;
		if (polled[ON_FUSE].revents != 0 && serve_readers() < 0)
			return END_QUIT;
		serve_calls(count);
		if (polled[ON_CLIENT].revents != 0)
			end = control_step();
		if (polled[ON_LISTENER].revents != 0)
			control_accept();
		if (end >= 0)
			return end;
		if (polled[ON_KEEPER].revents != 0)
			return END_ORPHANED;
	}
}

static int map_state(const char *tag)
{
	long at = syscall6(__NR_mmap, 0, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED,
			   STATE, 0);

	if (at < 0 && at > -4096)
		return (int)at;
	state = (struct state *)at;
	if (state->magic == STATE_MAGIC && state->version != STATE_VERSION)
		return -EPROTO;
	if (state->magic != STATE_MAGIC)
		for (int i = 0; i < TAG_LENGTH && tag[i] != '\0'; i++)
			state->tag[i] = tag[i];
	state->magic = STATE_MAGIC;
	state->version = STATE_VERSION;
	state->replacement = -1;
	return 0;
}

static void raise_limit_of_descriptors(void)
{
	enum { NOFILE = 7 };
	uint64_t limit[2];

	if (syscall4(__NR_prlimit64, 0, NOFILE, 0, limit) == 0) {
		limit[0] = limit[1] < MOST_DESCRIPTORS ? limit[1] : MOST_DESCRIPTORS;
		syscall4(__NR_prlimit64, 0, NOFILE, limit, 0);
	}
}

/* Serves until there is a reason to end. */
static int work(int keeper)
{
	enum { SET_STATUS = 4 };

	syscall3(__NR_fcntl, FUSE_DEVICE, SET_STATUS, O_NONBLOCK);
	close_strays();
	open_host();
	if (state->epoch++ > 0)
		fuse_resend();
	return serve((int)syscall2(__NR_pidfd_open, keeper, 0));
}

/* The same program again, or another: everything that lasts is in the descriptors. */
static void become(char **argv, char **envp)
{
	enum { SET_FLAGS = 2, CLOSE_ON_EXEC = 1 };

	syscall3(__NR_fcntl, state->replacement, SET_FLAGS, CLOSE_ON_EXEC);
	syscall5(__NR_execveat, state->replacement, "", argv, envp, AT_EMPTY_PATH);
	state->replacement = -1;
}

/* Waits for a worker; how it ended, as wait(2) has it. */
static int await_end(long worker)
{
	int status = -1;

	while (worker > 0 && syscall4(__NR_wait4, worker, &status, 0, 0) == -EINTR)
		continue;
	return status;
}

/*
 * The argument tells which build this is. A worker whose keeper was killed becomes the keeper of
 * another, so that whoever is killed, the other one goes on.
 */
int kapsel_main(int argc, char **argv, char **envp)
{
	struct time pause = {0, NANOS / 10};

	if (argc != 2 || map_state(argv[1]) < 0)
		return 1;
	raise_limit_of_descriptors();
	for (;;) {
		int self = (int)syscall0(__NR_getpid);
		long worker = syscall5(__NR_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
		int status;

		if (worker == 0) {
			int end = work(self);

			if (end != END_ORPHANED)
				return end;
			continue;
		}
		status = await_end(worker);
		if (status == END_QUIT << 8)
			return 0;
		if (status == END_REPLACED << 8)
			become(argv, envp);
		else
			syscall2(__NR_nanosleep, &pause, 0);
	}
}
