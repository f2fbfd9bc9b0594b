#define _GNU_SOURCE
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

char directory[64];
const char *client_binary;
const char *self;
const char *emulator;

char *path_of(const char *name)
{
	char *path = NULL;

	CHECK(asprintf(&path, "%s/%s", directory, name) > 0);
	return path;
}

void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	CHECK(fd >= 0);
	write_all(fd, text, strlen(text));
	CHECK(fchmod(fd, mode) == 0);
	close(fd);
}

int listen_as_engine(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/kapsel.sock", directory);
	CHECK(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(listen(listener, 128) == 0);
	return listener;
}

static void exec_client(const char *command)
{
	setenv("KAPSEL_RUN", path_of("run"), 1);
	setenv("KAPSEL_STATE", path_of("state"), 1);
	execl(path_of("bin/kapsel"), "kapsel", command, "--flag", (char *)NULL);
	_exit(99);
}

struct client start_client(const char *command)
{
	struct client client = {.terminal = -1, .slave = -1};
	int in[2], out[2], err[2];

	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	      pipe2(err, O_CLOEXEC) == 0);
	client.pid = fork();
	if (client.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		exec_client(command);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	client.in = in[1];
	client.out = out[0];
	client.err = err[0];
	return client;
}

struct client start_client_in_terminal(const char *command)
{
	struct client client = {.in = -1, .out = -1, .err = -1};
	struct winsize size = {.ws_row = 33, .ws_col = 99};

	client.terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(client.terminal >= 0 && grantpt(client.terminal) == 0 &&
	      unlockpt(client.terminal) == 0);
	CHECK(ioctl(client.terminal, TIOCSWINSZ, &size) == 0);
	client.slave = open(ptsname(client.terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(ioctl(client.slave, TIOCSCTTY, 0) == 0);
	client.pid = fork();
	if (client.pid == 0) {
		for (int fd = 0; fd < 3; fd++)
			dup2(client.slave, fd);
		while (tcgetpgrp(0) != getpid())
			usleep(1000);
		exec_client(command);
	}
	/* In the foreground, and with a parent in its session: so that it can be stopped. */
	CHECK(setpgid(client.pid, client.pid) == 0 && tcsetpgrp(client.slave, client.pid) == 0);
	return client;
}

int accept_client(int listener)
{
	int engine = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	CHECK(engine >= 0);
	return engine;
}

static void read_exactly(int fd, void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t got = read(fd, (char *)data + at, size - at);

		CHECK(got > 0);
		at += (size_t)got;
	}
}

struct received receive_request(int engine)
{
	struct received received;
	char control[CMSG_SPACE(sizeof(received.fds))];
	struct iovec part = {&received.head, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};

	CHECK(recvmsg(engine, &message, MSG_CMSG_CLOEXEC) == 1);
	CHECK(CMSG_FIRSTHDR(&message)->cmsg_len == CMSG_LEN(sizeof(received.fds)));
	memcpy(received.fds, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(received.fds));
	read_exactly(engine, (char *)&received.head + 1, sizeof(received.head) - 1);
	CHECK(received.head.magic == REQUEST_MAGIC && received.head.version == REQUEST_VERSION);
	received.strings = malloc(received.head.length);
	read_exactly(engine, received.strings, received.head.length);
	return received;
}

static int take_request(int listener)
{
	int engine = accept_client(listener);
	struct received received = receive_request(engine);

	for (int i = 0; i < 3; i++)
		close(received.fds[i]);
	free(received.strings);
	return engine;
}

int serve_client(struct client *client)
{
	int listener = listen_as_engine();

	*client = start_client("run");
	return take_request(listener);
}

int serve_client_in_terminal(struct client *client)
{
	int listener = listen_as_engine();

	*client = start_client_in_terminal("run");
	return take_request(listener);
}

void write_all(int fd, const void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t put = write(fd, (const char *)data + at, size - at);

		CHECK(put > 0);
		at += (size_t)put;
	}
}

void send_frame(int socket, int type, const void *payload, uint32_t size)
{
	struct frame frame = {.type = (uint8_t)type, .length = size};

	write_all(socket, &frame, sizeof(frame));
	write_all(socket, payload, size);
}

void send_word(int socket, int type, uint32_t word)
{
	send_frame(socket, type, &word, sizeof(word));
}

int send_attach(int engine, uint32_t flags)
{
	struct {
		struct frame frame;
		uint32_t flags;
	} text = {{.type = FROM_ATTACH, .length = 4}, flags};
	int ends[2];
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {&text, sizeof(text)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &ends[1], sizeof(int));
	CHECK(sendmsg(engine, &message, 0) == sizeof(text));
	close(ends[1]);
	return ends[0];
}

int next_frame(int socket, void *payload, uint32_t *size)
{
	struct frame frame;
	ssize_t got = read(socket, &frame, 1);

	if (got <= 0)
		return -1;
	read_exactly(socket, (char *)&frame + 1, sizeof(frame) - 1);
	CHECK(frame.length <= FRAME_LIMIT);
	read_exactly(socket, payload, frame.length);
	*size = frame.length;
	return frame.type;
}

void expect_word(int socket, int type, uint32_t word)
{
	uint32_t payload[FRAME_LIMIT / 4] = {0};
	uint32_t size = 0;

	CHECK(next_frame(socket, payload, &size) == type);
	CHECK(size == 4 && payload[0] == word);
}

void expect_end(int socket)
{
	char payload[FRAME_LIMIT];
	uint32_t size;

	CHECK(next_frame(socket, payload, &size) == -1);
}

char *read_all(int fd)
{
	size_t size = 0;
	size_t room = 1 << 16;
	char *text = malloc(room);
	ssize_t got;

	while ((got = read(fd, text + size, room - size - 1)) > 0) {
		size += (size_t)got;
		if (room - size < 4096)
			text = realloc(text, room *= 2);
	}
	text[size] = '\0';
	return text;
}

int finish(const struct client *client)
{
	int status;

	CHECK(waitpid(client->pid, &status, 0) == client->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void wait_until_stopped(const struct client *client)
{
	int status;

	CHECK(waitpid(client->pid, &status, WUNTRACED) == client->pid);
	CHECK(WIFSTOPPED(status));
}

bool is_raw(int terminal)
{
	struct termios settings;

	CHECK(tcgetattr(terminal, &settings) == 0);
	return (settings.c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

void await_raw(int terminal, bool raw)
{
	for (int i = 0; i < 2000 && is_raw(terminal) != raw; i++)
		usleep(1000);
	CHECK(is_raw(terminal) == raw);
}
