#define _GNU_SOURCE
#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

enum { STDIN_SLOT = 310, STDOUT_SLOT, STDERR_SLOT };

static int listener(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path_of("control"));
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 8) == 0);
	return fd;
}

static void role(struct draft *draft, int number, uint32_t slot)
{
	STEP(draft, MONITOR, OP_ROLE, I(number), S(slot));
}

static void copy_slot(struct draft *draft, uint32_t from, uint16_t to)
{
	CALL(draft, MONITOR, SYS_fcntl, S(from), I(F_DUPFD_CLOEXEC), I(200))->slot = to;
}

static void pipes(struct draft *draft)
{
	int pair[2];

	CHECK(pipe2(pair, O_CLOEXEC) == 0);
	copy_slot(draft, input(draft, pair[0]), STDIN_SLOT);
	role(draft, 3, input(draft, pair[1]));
	for (int i = 0; i < 2; i++) {
		CHECK(pipe2(pair, O_CLOEXEC) == 0);
		role(draft, 4 + i, input(draft, pair[0]));
		copy_slot(draft, input(draft, pair[1]), (uint16_t)(STDOUT_SLOT + i));
	}
}

static void terminal(struct draft *draft)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave;

	CHECK(master >= 0 && unlockpt(master) == 0);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(slave >= 0);
	role(draft, 6, input(draft, master));
	copy_slot(draft, input(draft, slave), STDIN_SLOT);
	copy_slot(draft, STDIN_SLOT, STDOUT_SLOT);
	copy_slot(draft, STDIN_SLOT, STDERR_SLOT);
}

void prepare(struct program *program)
{
	struct draft *draft = &program->draft;

	draft->flags = PLAN_FINAL;
	if (program->terminal)
		terminal(draft);
	else
		pipes(draft);
	role(draft, 0, input(draft, open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
	role(draft, 1, input(draft, open(path_of("exit"), O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
	role(draft, 2, input(draft, listener()));
	STEP(draft, MONITOR, OP_ROLE, I(7), I(program->log_limit));
	STEP(draft, MONITOR, OP_ROLE, I(8), I(program->flags));
}

void connect_streams(struct program *program)
{
	struct draft *draft = &program->draft;

	CALL(draft, INIT, SYS_setsid);
	if (program->terminal)
		CALL(draft, INIT, SYS_ioctl, S(STDIN_SLOT), I(TIOCSCTTY), I(0));
	for (int i = 0; i < 3; i++)
		CALL(draft, INIT, SYS_dup3, S(STDIN_SLOT + i), I(i), I(0));
}

void finish_with(struct program *program, const char *const *argv)
{
	static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	struct draft *draft = &program->draft;
	const char *candidates[] = {argv[0], NULL};

	STEP(draft, INIT, OP_EXEC, D(array(draft, candidates)), D(array(draft, argv)),
	     D(array(draft, environment)));
}

void prepare_shell(struct program *program, const char *script)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};

	prepare(program);
	STEP(&program->draft, MONITOR, OP_CLONE, I(0), END)->slot = PID_SLOT;
	connect_streams(program);
	finish_with(program, argv);
}

void launch_program(struct program *program)
{
	if (program->launcher.control <= 0)
		program->launcher = start_launcher();
	send_segment(program->launcher.control, &program->draft);
	for (uint32_t i = 0; i < program->draft.input_count; i++)
		close(program->draft.inputs[i]);
}

void start_shell(struct program *program, const char *script)
{
	prepare_shell(program, script);
	launch_program(program);
	program->started = hear(program->launcher.control);
	CHECK(program->started.type == STARTED && program->started.descriptor >= 0);
}

int attach_to(int control, int wants)
{
	return attach_narrow(control, wants, 0);
}

int attach_narrow(int control, int wants, int room)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	CHECK(room == 0 || setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) == 0);
	send_to_launcher(control, (struct message){.type = ATTACH, .a = wants}, &pair[1], 1);
	close(pair[1]);
	return pair[0];
}

void send_frame(int client, uint8_t type, const void *payload, uint32_t length)
{
	uint8_t head[8] = {type};

	memcpy(head + 4, &length, 4);
	CHECK(write(client, head, 8) == 8);
	CHECK(length == 0 || write(client, payload, length) == (ssize_t)length);
}

void read_whole(int client, void *to, size_t size)
{
	for (size_t have = 0; have < size;) {
		ssize_t n = read(client, (char *)to + have, size - have);

		CHECK(n > 0);
		have += (size_t)n;
	}
}

size_t read_stream(int client, uint8_t stream, char *to, size_t room, int *status)
{
	static char payload[1 << 16];
	size_t have = 0;

	for (;;) {
		uint8_t head[8];
		uint32_t length;

		read_whole(client, head, 8);
		memcpy(&length, head + 4, 4);
		CHECK(length <= sizeof(payload));
		read_whole(client, payload, length);
		if (head[0] == FRAME_EXIT) {
			memcpy(status, payload, 4);
			CHECK(read(client, head, 1) == 0);
			to[have] = 0;
			return have;
		}
		if (head[0] != stream)
			continue;
		CHECK(have + length < room);
		memcpy(to + have, payload, length);
		have += length;
	}
}

int exit_of(struct program *program)
{
	struct message message = hear(program->launcher.control);

	CHECK(message.type == EXITED);
	CHECK(recorded_status() == message.a);
	return message.a;
}

int recorded_status(void)
{
	uint32_t record[16] = {0};
	int fd = open(path_of("exit"), O_RDONLY);

	if (read(fd, record, sizeof(record)) != sizeof(record))
		return -1;
	close(fd);
	CHECK(record[0] == 0x54495845 && record[1] == 1);
	return (int)record[2];
}

int connect_again(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path_of("control"));
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}
