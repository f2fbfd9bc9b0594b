/*
 * There is one buffer each way. What the container wrote is read only when every client has taken
 * what came before, so a slow reader slows the container, as a pipe would, and costs no memory.
 */
#include "relay.h"

enum { NODELAY = 0x40, MAX_FRAME = 65536 };
enum { TAKES_STDIN = 1, WANTS_STDOUT = 2, WANTS_STDERR = 4 };
enum { FRAME_STDIN, FRAME_STDIN_EOF, FRAME_RESIZE, FRAME_SIGNAL };
enum { FRAME_STDOUT = 1, FRAME_STDERR = 2, FRAME_EXIT = 3 };

struct relay relay;

/* A terminal has no end of input: whoever attaches next goes on typing. */
static void end_input(void)
{
	if (relay.pty >= 0)
		return;
	relay.input_ends = 1;
	if (relay.input_size > 0)
		return;
	close_fd(relay.input);
	relay.input = -1;
	launch.roles[ROLE_STDIN] = -1;
	tell_keeper(KEEP_NO_INPUT);
}

static void drop_client(int i)
{
	struct client *c = &relay.clients[i];

	if ((launch.roles[ROLE_FLAGS] & FLAG_STDIN_ONCE) && c->sent_stdin)
		end_input();
	close_fd(c->fd);
	relay.clients[i] = relay.clients[--relay.client_count];
}

void relay_drop_clients(void)
{
	while (relay.client_count > 0)
		drop_client(0);
	relay.chunk_size = 0;
}

static int wants_chunk(const struct client *c)
{
	int bit = relay.chunk_stream == FRAME_STDOUT ? WANTS_STDOUT : WANTS_STDERR;

	return relay.chunk_size > 0 && (c->wants & bit) && c->sent < relay.chunk_size;
}

static long send_to(int fd, const uint8_t *bytes, uint32_t size)
{
	return syscall6(__NR_sendto, fd, (long)bytes, size, NODELAY | KERNEL_MSG_NOSIGNAL, 0, 0);
}

/* Gives the chunk on; it is empty once nobody waits for any of it. */
static void offer(void)
{
	int waiting = 0;

	if (relay.chunk_size == 0)
		return;
	for (int i = relay.client_count - 1; i >= 0; i--) {
		struct client *c = &relay.clients[i];
		long n = 0;

		if (wants_chunk(c))
			n = send_to(c->fd, relay.chunk + c->sent, relay.chunk_size - c->sent);
		if (n < 0 && n != -EAGAIN && n != -EINTR) {
			drop_client(i);
			continue;
		}
		c->sent += n > 0 ? (uint32_t)n : 0;
		waiting |= wants_chunk(c);
	}
	if (!waiting)
		relay.chunk_size = 0;
}

static void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

/* Takes what the container wrote. 0: nothing more now, -1: nothing more ever. */
static int fetch(int *from, uint32_t stream)
{
	long n = syscall3(__NR_read, *from, relay.chunk + FRAME, CHUNK);

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n <= 0) {
		close_fd(*from);
		*from = -1;
		return -1;
	}
	log_write((int)stream, relay.chunk + FRAME, (size_t)n);
	put32(relay.chunk, stream);
	put32(relay.chunk + 4, (uint32_t)n);
	relay.chunk_size = FRAME + (uint32_t)n;
	relay.chunk_stream = stream;
	for (int i = 0; i < relay.client_count; i++)
		relay.clients[i].sent = 0;
	offer();
	return 1;
}

int relay_fetch(void)
{
	int some = 0;

	if (relay.chunk_size == 0 && relay.output >= 0)
		some |= fetch(&relay.output, FRAME_STDOUT);
	if (relay.chunk_size == 0 && relay.error >= 0)
		some |= fetch(&relay.error, FRAME_STDERR);
	if (relay.chunk_size == 0 && relay.pty >= 0)
		some |= fetch(&relay.pty, FRAME_STDOUT);
	return some || relay.chunk_size > 0;
}

static void type_in(void)
{
	int to = relay.pty >= 0 ? relay.pty : relay.input;
	long n = -EPIPE;

	if (relay.input_size == 0)
		return;
	if (to >= 0)
		n = syscall3(__NR_write, to, relay.typed + relay.input_at,
			     relay.input_size - relay.input_at);
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n < 0) {
		relay.input_size = 0;
		end_input();
		return;
	}
	relay.input_at += (uint32_t)n;
	if (relay.input_at < relay.input_size)
		return;
	relay.input_size = 0;
	if (relay.input_ends)
		end_input();
}

static void resize(const uint8_t *payload)
{
	uint16_t size[4] = {0, 0, 0, 0}; /* struct winsize: rows, columns, pixels */

	memcpy(size, payload, 4);
	if (relay.pty >= 0)
		syscall3(__NR_ioctl, relay.pty, 0x5414 /* TIOCSWINSZ */, size);
}

static void obey(struct client *c)
{
	uint32_t number;

	switch (c->head[0]) {
	case FRAME_STDIN_EOF:
		if (c->wants & TAKES_STDIN)
			end_input();
		break;
	case FRAME_RESIZE:
		resize(c->small);
		break;
	case FRAME_SIGNAL:
		memcpy(&number, c->small, sizeof(number));
		signal_init((int)number);
		break;
	default:
		break;
	}
	c->have = c->small_have = 0;
}

/* How long the payload of a frame of that type may be, at the least and at the most. */
static int is_sound(uint8_t type, uint32_t length)
{
	static const uint32_t least[] = {0, 0, 4, 4};
	static const uint32_t most[] = {MAX_FRAME, 0, 8, 8};

	return type <= FRAME_SIGNAL && length >= least[type] && length <= most[type];
}

/* The head of a frame, as it comes. A frame that makes no sense ends the client. */
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
	if (!is_sound(c->head[0], length))
		return -1;
	c->left = length;
	if (c->head[0] == FRAME_STDIN && (c->wants & TAKES_STDIN))
		c->sent_stdin = 1;
	if (length == 0)
		obey(c);
	return 0;
}

static int in_stdin(const struct client *c)
{
	return c->have == FRAME && c->left > 0 && c->head[0] == FRAME_STDIN;
}

static int read_payload(struct client *c)
{
	int typed = in_stdin(c);
	uint32_t size =
		typed && c->left > sizeof(relay.typed) ? (uint32_t)sizeof(relay.typed) : c->left;
	uint8_t *to = typed ? relay.typed : c->small + c->small_have;
	long n = syscall3(__NR_read, c->fd, to, size);

	if (n <= 0)
		return n == -EAGAIN || n == -EINTR ? 0 : -1;
	c->left -= (uint32_t)n;
	if (typed && (c->wants & TAKES_STDIN) && !relay.input_ends) {
		relay.input_at = 0;
		relay.input_size = (uint32_t)n;
		type_in();
	} else if (!typed) {
		c->small_have += (uint32_t)n;
	}
	if (c->left == 0)
		obey(c);
	return 0;
}

/* While the container does not read what was typed, a client that types more has to wait. */
static int must_wait(const struct client *c)
{
	return relay.input_size > 0 && in_stdin(c);
}

static int listen_to(struct client *c)
{
	if (must_wait(c))
		return 0;
	return c->have == FRAME && c->left > 0 ? read_payload(c) : read_head(c);
}

void set_nonblocking(int fd)
{
	long flags = syscall2(__NR_fcntl, fd, 3 /* F_GETFL */);

	if (fd >= 0 && flags >= 0)
		syscall3(__NR_fcntl, fd, 4 /* F_SETFL */, flags | NONBLOCK);
}

void attach(int fd, int wants)
{
	/* a frame: its head, and what the client prints */
	static const uint8_t full[] = "\2\0\0\0\63\0\0\0"
				      "kapsel: cannot attach: 128 others are attached now\n";
	struct client *c;

	_Static_assert(sizeof(full) - 1 == FRAME + 51, "the length in the head");

	if (relay.client_count == CLIENTS) {
		send_to(fd, full, sizeof(full) - 1);
		close_fd(fd);
		return;
	}
	c = &relay.clients[relay.client_count++];
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->wants = wants;
	c->sent = relay.chunk_size; /* what is under way began before it came */
	set_nonblocking(fd);
}

void relay_open(void)
{
	relay.input = (int)launch.roles[ROLE_STDIN];
	relay.output = (int)launch.roles[ROLE_STDOUT];
	relay.error = (int)launch.roles[ROLE_STDERR];
	relay.pty = (int)launch.roles[ROLE_PTY];
	set_nonblocking(relay.input);
	set_nonblocking(relay.output);
	set_nonblocking(relay.error);
	set_nonblocking(relay.pty);
}

int relay_watch(struct pollfd *p)
{
	int reading = relay.chunk_size == 0;
	int typing = relay.input_size > 0;

	p[P_INPUT] = (struct pollfd){typing ? relay.input : -1, POLLOUT, 0};
	p[P_OUTPUT] = (struct pollfd){reading ? relay.output : -1, POLLIN, 0};
	p[P_ERROR] = (struct pollfd){reading ? relay.error : -1, POLLIN, 0};
	p[P_PTY] = (struct pollfd){reading || typing ? relay.pty : -1,
				   (short)((reading ? POLLIN : 0) | (typing ? POLLOUT : 0)), 0};
	for (int i = 0; i < relay.client_count; i++) {
		const struct client *c = &relay.clients[i];
		short events =
			(short)((wants_chunk(c) ? POLLOUT : 0) | (must_wait(c) ? 0 : POLLIN));

		/* without an event the end of a client would wake us again and again */
		p[P_CLIENTS + i] = (struct pollfd){events != 0 ? c->fd : -1, events, 0};
	}
	return P_CLIENTS + relay.client_count;
}

void relay_act(const struct pollfd *p)
{
	if (p[P_INPUT].revents || (p[P_PTY].revents & POLLOUT))
		type_in();
	/* last first, because dropping one moves the last into its place */
	for (int i = relay.client_count - 1; i >= 0; i--)
		if ((p[P_CLIENTS + i].revents & (POLLIN | POLLHUP | POLLERR)) &&
		    listen_to(&relay.clients[i]) < 0)
			drop_client(i);
	offer();
	if (p[P_OUTPUT].revents || p[P_ERROR].revents ||
	    (p[P_PTY].revents & (POLLIN | POLLHUP | POLLERR)))
		relay_fetch();
}

int relay_say_goodbye(int status)
{
	uint8_t frame[FRAME + 4] = {FRAME_EXIT};

	put32(frame + 4, 4);
	put32(frame + FRAME, (uint32_t)status);
	for (int i = relay.client_count - 1; i >= 0; i--)
		if (send_to(relay.clients[i].fd, frame, sizeof(frame)) != -EAGAIN)
			drop_client(i);
	return relay.client_count;
}
