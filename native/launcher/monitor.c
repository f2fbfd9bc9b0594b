/*
 * The monitor's life from the execution of the program to its end: it relays between the
 * container's pipes or terminal, the log and the attached clients, reaps, and keeps the exit
 * status.
 *
 * There is one buffer each way. What the container wrote is read only when every client has taken
 * what came before, so a slow reader slows the container, as a pipe would, and costs no memory.
 */
#include "launcher.h"

#include <linux/mman.h>
#include <linux/resource.h>
#include <linux/time_types.h>
#include <linux/wait.h>

enum { CLIENTS = 16, CONTROLS = 4, CHUNK = 8192, FRAME = 8, NONBLOCK = 04000, NODELAY = 0x40 };
enum { STUCK_MILLISECONDS = 5000 };
enum { TAKES_STDIN = 1, WANTS_STDOUT = 2, WANTS_STDERR = 4 };
enum { FRAME_STDIN, FRAME_STDIN_EOF, FRAME_RESIZE, FRAME_SIGNAL };
enum { FRAME_STDOUT = 1, FRAME_STDERR = 2, FRAME_EXIT = 3 };

struct client {
	int fd;
	int wants;
	int sent_stdin;
	uint32_t sent; /* bytes of the chunk that it has taken */
	uint32_t have; /* bytes of the frame's head that have come */
	uint32_t left; /* bytes of the payload that have not come yet */
	uint8_t head[FRAME];
	uint8_t small[8]; /* the payload of a frame that is not STDIN */
	uint32_t small_have;
};

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
	struct client clients[CLIENTS];
	int client_count;
	int controls[CONTROLS];
	int control_count;
	int signals; /* signalfd for SIGCHLD */
	int input, output, error, pty;
	int exited;
	int status;
	uint32_t chunk_size; /* head and payload; 0: empty */
	uint32_t chunk_stream;
	uint32_t input_at, input_size;
	uint8_t chunk[FRAME + CHUNK];
	uint8_t typed[CHUNK / 2];
} m;

static long now_milliseconds(void)
{
	long time[2] = {0, 0};

	syscall2(__NR_clock_gettime, 1, time);
	return time[0] * 1000 + time[1] / 1000000;
}

static void close_input(void)
{
	close_fd(m.input);
	m.input = -1;
	m.input_size = 0;
}

static void drop_client(int i)
{
	struct client *c = &m.clients[i];

	if ((launch.roles[ROLE_FLAGS] & FLAG_STDIN_ONCE) && c->sent_stdin && m.pty < 0)
		close_input();
	close_fd(c->fd);
	m.clients[i] = m.clients[--m.client_count];
}

static int wants_chunk(const struct client *c)
{
	int bit = m.chunk_stream == FRAME_STDOUT ? WANTS_STDOUT : WANTS_STDERR;

	return m.chunk_size > 0 && (c->wants & bit) && c->sent < m.chunk_size;
}

/* Gives the chunk on; it is empty once nobody waits for any of it. */
static void offer(void)
{
	int waiting = 0;

	if (m.chunk_size == 0)
		return;
	for (int i = m.client_count - 1; i >= 0; i--) {
		struct client *c = &m.clients[i];
		long n = 0;

		if (wants_chunk(c))
			n = syscall6(__NR_sendto, c->fd, (long)(m.chunk + c->sent),
				     m.chunk_size - c->sent, NODELAY | KERNEL_MSG_NOSIGNAL, 0, 0);
		if (n < 0 && n != -EAGAIN && n != -EINTR) {
			drop_client(i);
			continue;
		}
		c->sent += n > 0 ? (uint32_t)n : 0;
		waiting |= wants_chunk(c);
	}
	if (!waiting)
		m.chunk_size = 0;
}

static void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

/* Takes what the container wrote. 0: nothing more now, -1: nothing more ever. */
static int fetch(int *from, uint32_t stream)
{
	long n = syscall3(__NR_read, *from, m.chunk + FRAME, CHUNK);

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n <= 0) {
		close_fd(*from);
		*from = -1;
		return -1;
	}
	log_write((int)stream, m.chunk + FRAME, (size_t)n);
	put32(m.chunk, stream);
	put32(m.chunk + 4, (uint32_t)n);
	m.chunk_size = FRAME + (uint32_t)n;
	m.chunk_stream = stream;
	for (int i = 0; i < m.client_count; i++)
		m.clients[i].sent = 0;
	offer();
	return 1;
}

static void type_in(void)
{
	int to = m.pty >= 0 ? m.pty : m.input;
	long n;

	if (m.input_size == 0)
		return;
	if (to < 0) {
		m.input_size = 0;
		return;
	}
	n = syscall3(__NR_write, to, m.typed + m.input_at, m.input_size - m.input_at);
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n < 0) {
		m.input_size = 0;
		if (m.pty < 0)
			close_input();
		return;
	}
	m.input_at += (uint32_t)n;
	if (m.input_at == m.input_size)
		m.input_size = 0;
}

static void resize(const uint8_t *payload)
{
	uint16_t size[4] = {0, 0, 0, 0}; /* struct winsize: rows, columns, pixels */

	memcpy(size, payload, 4);
	if (m.pty >= 0)
		syscall3(__NR_ioctl, m.pty, 0x5414 /* TIOCSWINSZ */, size);
}

static void send_signal(int number)
{
	if (!m.exited && number > 0 && number <= 64)
		syscall4(__NR_pidfd_send_signal, launch.init_pidfd, number, NULL, 0);
}

static void obey(struct client *c)
{
	uint32_t number;

	switch (c->head[0]) {
	case FRAME_STDIN_EOF:
		if (m.pty < 0 && m.input_size == 0)
			close_input();
		break;
	case FRAME_RESIZE:
		resize(c->small);
		break;
	case FRAME_SIGNAL:
		memcpy(&number, c->small, sizeof(number));
		send_signal((int)number);
		break;
	default:
		break;
	}
	c->have = c->small_have = 0;
}

/* The head of a frame, byte by byte as it comes. A frame that makes no sense ends the client. */
static int read_head(struct client *c)
{
	uint32_t length;
	long n = syscall3(__NR_read, c->fd, c->head + c->have, FRAME - c->have);

	if (n <= 0)
		return n == -EAGAIN || n == -EINTR ? 0 : -1;
	c->have += (uint32_t)n;
	if (c->have < FRAME)
		return 0;
	memcpy(&length, c->head + 4, sizeof(length));
	if (c->head[0] > FRAME_SIGNAL || length > (c->head[0] == FRAME_STDIN ? 65536u : 8u))
		return -1;
	c->left = length;
	if (c->head[0] == FRAME_STDIN)
		c->sent_stdin = 1;
	if (length == 0)
		obey(c);
	return 0;
}

static int read_payload(struct client *c)
{
	int typed = c->head[0] == FRAME_STDIN;
	uint32_t size = typed && c->left > sizeof(m.typed) ? (uint32_t)sizeof(m.typed) : c->left;
	uint8_t *to = typed ? m.typed : c->small + c->small_have;
	long n = syscall3(__NR_read, c->fd, to, size);

	if (n <= 0)
		return n == -EAGAIN || n == -EINTR ? 0 : -1;
	c->left -= (uint32_t)n;
	if (typed && (c->wants & TAKES_STDIN)) {
		m.input_at = 0;
		m.input_size = (uint32_t)n;
		type_in();
	} else if (!typed) {
		c->small_have += (uint32_t)n;
	}
	if (c->left == 0)
		obey(c);
	return 0;
}

static int listen_to(struct client *c)
{
	return c->have == FRAME && c->left > 0 ? read_payload(c) : read_head(c);
}

static void set_nonblocking(int fd)
{
	long flags = syscall2(__NR_fcntl, fd, 3 /* F_GETFL */);

	if (fd >= 0 && flags >= 0)
		syscall3(__NR_fcntl, fd, 4 /* F_SETFL */, flags | NONBLOCK);
}

void attach(int fd, int wants)
{
	struct client *c;

	if (m.client_count == CLIENTS) {
		close_fd(fd);
		return;
	}
	c = &m.clients[m.client_count++];
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->wants = wants;
	c->sent = m.chunk_size; /* what is under way began before it came */
	set_nonblocking(fd);
}

static void greet(int control)
{
	send_message(control, MESSAGE_STARTED, launch.init, (int)syscall0(__NR_getpid), 0,
		     launch.init_pidfd);
}

static void accept_control(void)
{
	long fd = syscall4(__NR_accept4, launch.roles[ROLE_LISTENER], NULL, NULL,
			   KERNEL_SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (m.control_count == CONTROLS) {
		close_fd((int)fd);
		return;
	}
	m.controls[m.control_count++] = (int)fd;
	greet((int)fd);
}

static void serve_control(int i)
{
	struct message message;
	int passed[2];
	int count = 2;
	long n = receive_message(m.controls[i], &message, sizeof(message), passed, &count);

	if (n <= 0) {
		close_fd(m.controls[i]);
		m.controls[i] = m.controls[--m.control_count];
		return;
	}
	if (message.type == MESSAGE_ATTACH && count > 0)
		attach(passed[0], message.a);
	else if (message.type == MESSAGE_SIGNAL)
		send_signal(message.a);
}

static void write_record(const struct rusage *usage)
{
	struct exit_record record;
	long time[2] = {0, 0};

	memset(&record, 0, sizeof(record));
	syscall2(__NR_clock_gettime, 0, time);
	record.magic = 0x54495845;
	record.version = 1;
	record.status = m.status;
	record.finished = (uint64_t)time[0] * 1000000000u + (uint64_t)time[1];
	record.user =
		(uint64_t)usage->ru_utime.tv_sec * 1000000u + (uint64_t)usage->ru_utime.tv_usec;
	record.system =
		(uint64_t)usage->ru_stime.tv_sec * 1000000u + (uint64_t)usage->ru_stime.tv_usec;
	record.rss = (uint64_t)usage->ru_maxrss;
	syscall4(__NR_pwrite64, launch.roles[ROLE_EXIT_RECORD], &record, sizeof(record), 0);
}

static void reap(void)
{
	char drained[128];
	struct rusage usage;
	int status;
	long pid;

	while (syscall3(__NR_read, m.signals, drained, sizeof(drained)) > 0)
		;
	while ((pid = syscall4(__NR_wait4, -1, &status, WNOHANG | __WALL, &usage)) > 0) {
		if (pid != launch.init)
			continue;
		m.exited = 1;
		m.status = status;
		write_record(&usage);
	}
}

/* What is polled, in this order; a place whose descriptor is negative is passed over by the kernel.
 */
enum {
	P_SIGNALS,
	P_LISTENER,
	P_INPUT,
	P_OUTPUT,
	P_ERROR,
	P_PTY,
	P_CONTROLS,
	P_CLIENTS = P_CONTROLS + CONTROLS,
	PLACES = P_CLIENTS + CLIENTS
};

static void watch(struct pollfd *p)
{
	int reading = m.chunk_size == 0;
	int typing = m.input_size > 0;

	p[P_SIGNALS] = (struct pollfd){m.signals, POLLIN, 0};
	p[P_LISTENER] = (struct pollfd){(int)launch.roles[ROLE_LISTENER], POLLIN, 0};
	p[P_INPUT] = (struct pollfd){typing ? m.input : -1, POLLOUT, 0};
	p[P_OUTPUT] = (struct pollfd){reading ? m.output : -1, POLLIN, 0};
	p[P_ERROR] = (struct pollfd){reading ? m.error : -1, POLLIN, 0};
	p[P_PTY] = (struct pollfd){reading || typing ? m.pty : -1,
				   (short)((reading ? POLLIN : 0) | (typing ? POLLOUT : 0)), 0};
	for (int i = 0; i < CONTROLS; i++)
		p[P_CONTROLS + i] =
			(struct pollfd){i < m.control_count ? m.controls[i] : -1, POLLIN, 0};
	for (int i = 0; i < CLIENTS; i++) {
		struct client *c = &m.clients[i];
		short events = 0;

		if (i < m.client_count)
			events = (short)((wants_chunk(c) ? POLLOUT : 0) | (typing ? 0 : POLLIN));
		p[P_CLIENTS + i] = (struct pollfd){i < m.client_count ? c->fd : -1, events, 0};
	}
}

static void act(const struct pollfd *p)
{
	if (p[P_SIGNALS].revents)
		reap();
	if (p[P_INPUT].revents || (p[P_PTY].revents & POLLOUT))
		type_in();
	/* clients before the streams, last first, because dropping one moves the last into its
	 * place */
	for (int i = m.client_count - 1; i >= 0; i--)
		if (p[P_CLIENTS + i].revents & (POLLIN | POLLHUP | POLLERR) && m.input_size == 0 &&
		    listen_to(&m.clients[i]) < 0)
			drop_client(i);
	offer();
	if (m.chunk_size == 0 && p[P_OUTPUT].revents)
		fetch(&m.output, FRAME_STDOUT);
	if (m.chunk_size == 0 && p[P_ERROR].revents)
		fetch(&m.error, FRAME_STDERR);
	if (m.chunk_size == 0 && (p[P_PTY].revents & (POLLIN | POLLHUP | POLLERR)))
		fetch(&m.pty, FRAME_STDOUT);
	for (int i = m.control_count - 1; i >= 0; i--)
		if (p[P_CONTROLS + i].revents)
			serve_control(i);
	if (p[P_LISTENER].revents)
		accept_control();
}

static long poll_once(struct pollfd *p, long milliseconds)
{
	struct __kernel_timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	watch(p);
	return syscall5(__NR_ppoll, p, PLACES, milliseconds < 0 ? NULL : &wait, NULL, 0);
}

/* After the end: all that is left in the pipes goes to the log, and to clients that still take it.
 */
static void drain(void)
{
	long deadline = now_milliseconds() + STUCK_MILLISECONDS;

	while (m.output >= 0 || m.error >= 0 || m.pty >= 0 || m.chunk_size > 0) {
		struct pollfd p[PLACES];

		if (m.chunk_size == 0 && (m.output < 0 || fetch(&m.output, FRAME_STDOUT) == 0) &&
		    (m.error < 0 || m.chunk_size > 0 || fetch(&m.error, FRAME_STDERR) == 0) &&
		    (m.pty < 0 || m.chunk_size > 0 || fetch(&m.pty, FRAME_STDOUT) == 0) &&
		    m.chunk_size == 0)
			return; /* others may hold the other ends for ever: what is there was taken
				 */
		if (m.chunk_size == 0)
			continue;
		if (now_milliseconds() >= deadline) {
			while (m.client_count > 0)
				drop_client(0);
			m.chunk_size = 0;
			continue;
		}
		if (poll_once(p, 100) > 0)
			act(p);
	}
}

static void say_goodbye(void)
{
	uint8_t frame[FRAME + 4] = {FRAME_EXIT};

	put32(frame + 4, 4);
	put32(frame + FRAME, (uint32_t)m.status);
	for (int i = 0; i < m.client_count; i++) {
		syscall6(__NR_sendto, m.clients[i].fd, (long)frame, sizeof(frame),
			 NODELAY | KERNEL_MSG_NOSIGNAL, 0, 0);
		close_fd(m.clients[i].fd);
	}
	for (int i = 0; i < m.control_count; i++)
		send_message(m.controls[i], MESSAGE_EXITED, m.status, 0, 0, -1);
}

static void take_roles(void)
{
	uint64_t child = 1ul << (SIGCHLD - 1);

	m.input = (int)launch.roles[ROLE_STDIN];
	m.output = (int)launch.roles[ROLE_STDOUT];
	m.error = (int)launch.roles[ROLE_STDERR];
	m.pty = (int)launch.roles[ROLE_PTY];
	set_nonblocking(m.input);
	set_nonblocking(m.output);
	set_nonblocking(m.error);
	set_nonblocking(m.pty);
	log_open((int)launch.roles[ROLE_LOG], (int)launch.roles[ROLE_LOG_DIRECTORY],
		 (uint64_t)launch.roles[ROLE_LOG_LIMIT]);
	m.signals = (int)syscall4(__NR_signalfd4, -1, &child, sizeof(child),
				  NONBLOCK | KERNEL_SOCK_CLOEXEC);
	m.controls[0] = CONTROL;
	m.control_count = 1;
}

/* Everything that only the launch needed is let go: descriptors, and the pages of the slots. */
static void trim(void)
{
	static const int kept[] = {ROLE_LOG,   ROLE_EXIT_RECORD,  ROLE_LISTENER,
				   ROLE_STDIN, ROLE_STDOUT,       ROLE_STDERR,
				   ROLE_PTY,   ROLE_LOG_DIRECTORY};

	for (int fd = 0; fd < 1024; fd++) {
		int keep = fd == CONTROL || fd == launch.init_pidfd || fd == m.signals;

		for (unsigned int i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			keep |= launch.roles[kept[i]] == fd;
		for (int i = 0; i < m.client_count; i++)
			keep |= m.clients[i].fd == fd;
		if (!keep && syscall1(__NR_close, fd) < 0 && fd > 64)
			break;
	}
}

_Noreturn void monitor(void)
{
	close_fd(launch.sync);
	launch.sync = -1;
	take_roles();
	trim();
	greet(CONTROL);
	reap();
	while (!m.exited) {
		struct pollfd p[PLACES];

		if (poll_once(p, -1) > 0)
			act(p);
	}
	drain();
	say_goodbye();
	leave(0);
}
