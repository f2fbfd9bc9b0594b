/*
 * There is one buffer each way. What the container wrote is read only when every client has taken
 * what came before, so a slow reader slows the container, as a pipe would, and costs no memory.
 */
#include "relay.h"

enum { NODELAY = 0x40, MAX_FRAME = 65536 };
enum { TAKES_STDIN = 1, WANTS_STDOUT = 2, WANTS_STDERR = 4 };
enum { FRAME_STDIN, FRAME_STDIN_EOF, FRAME_RESIZE, FRAME_SIGNAL };
enum { FRAME_STDOUT = 1, FRAME_STDERR = 2, FRAME_EXIT = 3 };

struct relay relays[RELAYS];

/* A terminal has no end of input: whoever attaches next goes on typing. */
static void end_input(struct relay *r)
{
	if (r->pty >= 0 || r != relays)
		return;
	r->input_ends = 1;
	if (r->input_size > 0)
		return;
	close_fd(r->input);
	r->input = -1;
	launch.roles[ROLE_STDIN] = -1;
	tell_keeper(KEEP_NO_INPUT);
}

static void drop_client(struct relay *r, int i)
{
	struct client *c = &r->clients[i];

	if ((launch.roles[ROLE_FLAGS] & FLAG_STDIN_ONCE) && c->sent_stdin)
		end_input(r);
	close_fd(c->fd);
	r->clients[i] = r->clients[--r->client_count];
}

void relay_drop_clients(void)
{
	for (struct relay *r = relays; r < relays + RELAYS; r++) {
		while (r->client_count > 0)
			drop_client(r, 0);
		r->chunk_size = 0;
	}
}

static int wants_chunk(const struct relay *r, const struct client *c)
{
	int bit = r->chunk_stream == FRAME_STDOUT ? WANTS_STDOUT : WANTS_STDERR;

	return r->chunk_size > 0 && (c->wants & bit) && c->sent < r->chunk_size;
}

static long send_to(int fd, const uint8_t *bytes, uint32_t size)
{
	return syscall6(__NR_sendto, fd, (long)bytes, size, NODELAY | KERNEL_MSG_NOSIGNAL, 0, 0);
}

/* Gives the chunk on; it is empty once nobody waits for any of it. */
static void offer(struct relay *r)
{
	int waiting = 0;

	if (r->chunk_size == 0)
		return;
	for (int i = r->client_count - 1; i >= 0; i--) {
		struct client *c = &r->clients[i];
		long n = 0;

		if (wants_chunk(r, c))
			n = send_to(c->fd, r->chunk + c->sent, r->chunk_size - c->sent);
		if (n < 0 && n != -EAGAIN && n != -EINTR) {
			drop_client(r, i);
			continue;
		}
		c->sent += n > 0 ? (uint32_t)n : 0;
		waiting |= wants_chunk(r, c);
	}
	if (!waiting)
		r->chunk_size = 0;
}

static void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

/* Takes what the container wrote. 0: nothing more now, -1: nothing more ever. */
static int fetch(struct relay *r, int *from, uint32_t stream)
{
	long n = syscall3(__NR_read, *from, r->chunk + FRAME, CHUNK);

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n <= 0) {
		close_fd(*from);
		*from = -1;
		return -1;
	}
	if (r == relays)
		log_write((int)stream, r->chunk + FRAME, (size_t)n);
	put32(r->chunk, stream);
	put32(r->chunk + 4, (uint32_t)n);
	r->chunk_size = FRAME + (uint32_t)n;
	r->chunk_stream = stream;
	for (int i = 0; i < r->client_count; i++)
		r->clients[i].sent = 0;
	offer(r);
	return 1;
}

static int fetch_any(struct relay *r)
{
	int some = 0;

	if (r->chunk_size == 0 && r->output >= 0)
		some |= fetch(r, &r->output, FRAME_STDOUT);
	if (r->chunk_size == 0 && r->error >= 0)
		some |= fetch(r, &r->error, FRAME_STDERR);
	if (r->chunk_size == 0 && r->pty >= 0)
		some |= fetch(r, &r->pty, FRAME_STDOUT);
	return some || r->chunk_size > 0;
}

int relay_fetch(void)
{
	return fetch_any(relays);
}

static void type_in(struct relay *r)
{
	int to = r->pty >= 0 ? r->pty : r->input;
	long n = -EPIPE;

	if (r->input_size == 0)
		return;
	if (to >= 0)
		n = syscall3(__NR_write, to, r->typed + r->input_at,
			     r->input_size - r->input_at);
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n < 0) {
		r->input_size = 0;
		end_input(r);
		return;
	}
	r->input_at += (uint32_t)n;
	if (r->input_at < r->input_size)
		return;
	r->input_size = 0;
	if (r->input_ends)
		end_input(r);
}

static void resize(const struct relay *r, const uint8_t *payload)
{
	uint16_t size[4] = {0, 0, 0, 0}; /* struct winsize: rows, columns, pixels */

	memcpy(size, payload, 4);
	if (r->pty >= 0)
		syscall3(__NR_ioctl, r->pty, 0x5414 /* TIOCSWINSZ */, size);
}

static void obey(struct relay *r, struct client *c)
{
	uint32_t number;

	switch (c->head[0]) {
	case FRAME_STDIN_EOF:
		if (c->wants & TAKES_STDIN)
			end_input(r);
		break;
	case FRAME_RESIZE:
		resize(r, c->small);
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
static int read_head(struct relay *r, struct client *c)
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
		obey(r, c);
	return 0;
}

static int in_stdin(const struct client *c)
{
	return c->have == FRAME && c->left > 0 && c->head[0] == FRAME_STDIN;
}

static int read_payload(struct relay *r, struct client *c)
{
	int typed = in_stdin(c);
	uint32_t size =
		typed && c->left > sizeof(r->typed) ? (uint32_t)sizeof(r->typed) : c->left;
	uint8_t *to = typed ? r->typed : c->small + c->small_have;
	long n = syscall3(__NR_read, c->fd, to, size);

	if (n <= 0)
		return n == -EAGAIN || n == -EINTR ? 0 : -1;
	c->left -= (uint32_t)n;
	if (typed && (c->wants & TAKES_STDIN) && !r->input_ends) {
		r->input_at = 0;
		r->input_size = (uint32_t)n;
		type_in(r);
	} else if (!typed) {
		c->small_have += (uint32_t)n;
	}
	if (c->left == 0)
		obey(r, c);
	return 0;
}

/* While the container does not read what was typed, a client that types more has to wait. */
static int must_wait(const struct relay *r, const struct client *c)
{
	return r->input_size > 0 && in_stdin(c);
}

static int listen_to(struct relay *r, struct client *c)
{
	if (must_wait(r, c))
		return 0;
	return c->have == FRAME && c->left > 0 ? read_payload(r, c) : read_head(r, c);
}

/* Of what the plan and the engine have made, which has no other flag that could be set. */
void set_nonblocking(int fd)
{
	if (fd >= 0)
		syscall3(__NR_fcntl, fd, 4 /* F_SETFL */, NONBLOCK);
}

/* Of one of the terminals besides the console; what is in it waits there for its next reader. */
static int terminal(int number)
{
	return (int)launch.roles[ROLE_TTYS + 2 * (number - 1)];
}

/* Which one that is, of a negative number the first that nobody has; or why there is none. */
static int choose(int number, int alone)
{
	int busy = 0;

	for (int i = 1; number < 0 && i < RELAYS; i++) {
		busy |= terminal(i) >= 0;
		if (terminal(i) >= 0 && relays[i].client_count == 0)
			number = i;
	}
	if (number < 0)
		return busy ? -EBUSY : -ENXIO;
	if (number >= RELAYS || (number > 0 && terminal(number) < 0))
		return -ENXIO;
	return alone && relays[number].client_count > 0 ? -EBUSY : number;
}

static void open_terminal(struct relay *r)
{
	r->input = r->output = r->error = -1;
	r->pty = terminal((int)(r - relays));
	set_nonblocking(r->pty);
}

int attach(int fd, int wants, int number, int alone)
{
	/* a frame: its head, and what the client prints */
	static const uint8_t full[] = "\2\0\0\0\63\0\0\0"
				      "kapsel: cannot attach: 128 others are attached now\n";
	int chosen = choose(number, alone);
	struct relay *r = relays + (chosen < 0 ? 0 : chosen);
	struct client *c;

	_Static_assert(sizeof(full) - 1 == FRAME + 51, "the length in the head");

	if (chosen < 0 || r->client_count == CLIENTS) {
		if (chosen >= 0)
			send_to(fd, full, sizeof(full) - 1);
		close_fd(fd);
		return chosen;
	}
	if (chosen > 0 && r->client_count == 0)
		open_terminal(r);
	c = &r->clients[r->client_count++];
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->wants = wants;
	c->sent = r->chunk_size; /* what is under way began before it came */
	set_nonblocking(fd);
	return chosen;
}

void relay_open(void)
{
	struct relay *r = relays;

	r->input = (int)launch.roles[ROLE_STDIN];
	r->output = (int)launch.roles[ROLE_STDOUT];
	r->error = (int)launch.roles[ROLE_STDERR];
	r->pty = (int)launch.roles[ROLE_PTY];
	set_nonblocking(r->input);
	set_nonblocking(r->output);
	set_nonblocking(r->error);
	set_nonblocking(r->pty);
}

/* The first is always; of the others there is nothing to do as long as nobody is at them. */
static int is_busy(const struct relay *r)
{
	return r == relays || r->client_count > 0 || r->input_size > 0;
}

static int watch(const struct relay *r, struct pollfd *p)
{
	int reading = r->chunk_size == 0 && (r == relays || r->client_count > 0);
	int typing = r->input_size > 0;

	p[P_INPUT] = (struct pollfd){typing ? r->input : -1, POLLOUT, 0};
	p[P_OUTPUT] = (struct pollfd){reading ? r->output : -1, POLLIN, 0};
	p[P_ERROR] = (struct pollfd){reading ? r->error : -1, POLLIN, 0};
	p[P_PTY] = (struct pollfd){reading || typing ? r->pty : -1,
				   (short)((reading ? POLLIN : 0) | (typing ? POLLOUT : 0)), 0};
	for (int i = 0; i < r->client_count; i++) {
		const struct client *c = &r->clients[i];
		short events =
			(short)((wants_chunk(r, c) ? POLLOUT : 0) | (must_wait(r, c) ? 0 : POLLIN));

		/* without an event the end of a client would wake us again and again */
		p[P_CLIENTS + i] = (struct pollfd){events != 0 ? c->fd : -1, events, 0};
	}
	return P_CLIENTS + r->client_count;
}

int relay_watch(struct pollfd *p)
{
	int used = 0;

	for (const struct relay *r = relays; r < relays + RELAYS; r++)
		if (is_busy(r))
			used += watch(r, p + used);
	return used;
}

static void act(struct relay *r, const struct pollfd *p)
{
	if (p[P_INPUT].revents || (p[P_PTY].revents & POLLOUT))
		type_in(r);
	/* last first, because dropping one moves the last into its place */
	for (int i = r->client_count - 1; i >= 0; i--)
		if ((p[P_CLIENTS + i].revents & (POLLIN | POLLHUP | POLLERR)) &&
		    listen_to(r, &r->clients[i]) < 0)
			drop_client(r, i);
	offer(r);
	if (p[P_OUTPUT].revents || p[P_ERROR].revents ||
	    (p[P_PTY].revents & (POLLIN | POLLHUP | POLLERR)))
		fetch_any(r);
}

void relay_act(const struct pollfd *p)
{
	for (struct relay *r = relays; r < relays + RELAYS; r++) {
		const struct pollfd *mine = p;

		if (!is_busy(r))
			continue;
		p += P_CLIENTS + r->client_count;
		act(r, mine);
	}
}

int relay_say_goodbye(int status)
{
	uint8_t frame[FRAME + 4] = {FRAME_EXIT};
	int left = 0;

	put32(frame + 4, 4);
	put32(frame + FRAME, (uint32_t)status);
	for (struct relay *r = relays; r < relays + RELAYS; r++) {
		for (int i = r->client_count - 1; i >= 0; i--)
			if (send_to(r->clients[i].fd, frame, sizeof(frame)) != -EAGAIN)
				drop_client(r, i);
		left += r->client_count;
	}
	return left;
}
