/* Between the program, the log and the attached clients. */
#define _GNU_SOURCE
#include "program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 1 << 20 };

static char got[MUCH + 1];

static void streams_stay_apart(void)
{
	struct program program = {0};
	int out, error, status;

	prepare_shell(&program, "echo one; echo two >&2; exit 5");
	program.launcher = start_launcher();
	out = attach_to(program.launcher.control, OUT);
	error = attach_to(program.launcher.control, ERR);
	launch_program(&program);
	read_stream(out, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "one\n") == 0 && status == 5 << 8);
	CHECK(read_stream(error, FRAME_STDERR, got, sizeof(got), &status) == 4);
	CHECK(strcmp(got, "two\n") == 0);
}

static void the_end_of_stdin_is_passed_on(void)
{
	struct program program = {0};
	int client, status;

	start_shell(&program, "wc -c; echo after");
	client = attach_to(program.launcher.control, IN | OUT);
	send_frame(client, FRAME_STDIN, "binary\0\377\n", 9);
	send_frame(client, FRAME_STDIN_EOF, NULL, 0);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "9\nafter\n") == 0);
}

static void much_goes_through_both_ways(void)
{
	struct program program = {0};
	static char block[1 << 16];
	int client, status;

	start_shell(&program, "cat");
	client = attach_to(program.launcher.control, IN | OUT);
	memset(block, 'x', sizeof(block));
	if (fork() == 0) {
		for (int i = 0; i < 12; i++)
			send_frame(client, FRAME_STDIN, block, sizeof(block));
		send_frame(client, FRAME_STDIN_EOF, NULL, 0);
		_exit(0);
	}
	CHECK(read_stream(client, FRAME_STDOUT, got, sizeof(got), &status) == 12 * sizeof(block));
	CHECK(strspn(got, "x") == 12 * sizeof(block));
}

static void a_client_that_only_looks_types_nothing(void)
{
	struct program program = {0};
	int looks, types, status;

	start_shell(&program, "cat");
	looks = attach_to(program.launcher.control, OUT);
	types = attach_to(program.launcher.control, IN | OUT);
	send_frame(looks, FRAME_STDIN, "no", 2);
	send_frame(looks, FRAME_STDIN_EOF, NULL, 0);
	usleep(50000);
	send_frame(types, FRAME_STDIN, "yes", 3);
	send_frame(types, FRAME_STDIN_EOF, NULL, 0);
	read_stream(looks, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "yes") == 0 && status == 0);
}

static void detaching_leaves_stdin_open_unless_once(void)
{
	for (uint64_t once = 0; once < 2; once++) {
		struct program program = {.flags = once};
		int first, status;

		unlink(path_of("control"));
		start_shell(&program, "cat >/dev/null; exit 4");
		first = attach_to(program.launcher.control, IN);
		send_frame(first, FRAME_STDIN, "x", 1);
		close(first);
		if (!once) {
			struct message kill = {.type = SIGNAL, .a = SIGKILL};

			usleep(200000);
			send_to_launcher(program.launcher.control, kill, NULL, 0);
		}
		status = exit_of(&program);
		CHECK(status == (once ? 4 << 8 : SIGKILL));
	}
}

static void a_program_that_closes_stdin_hurts_nobody(void)
{
	struct program program = {0};
	static char block[1 << 16];
	int client, status;

	start_shell(&program, "exec <&-; sleep 0.3; echo alive; exit 6");
	client = attach_to(program.launcher.control, IN | OUT);
	usleep(100000);
	send_frame(client, FRAME_STDIN, block, sizeof(block));
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "alive\n") == 0 && status == 6 << 8);
}

static double cpu_seconds(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	file = fopen(name, "r");
	CHECK(file != NULL);
	CHECK(fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		     &system) == 2);
	fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void a_stuck_stdin_costs_nothing_and_stops_no_signal(void)
{
	struct program program = {0};
	static char block[1 << 16];
	uint32_t number = SIGTERM;
	int types, other, status;

	start_shell(&program, "exec sleep 60");
	types = attach_to(program.launcher.control, IN);
	other = attach_to(program.launcher.control, OUT);
	send_frame(types, FRAME_STDIN, block, sizeof(block));
	send_frame(types, FRAME_STDIN, block, sizeof(block));
	close(types);
	usleep(500000);
	CHECK(cpu_seconds(program.started.b) < 0.2);
	send_frame(other, FRAME_SIGNAL, &number, 4);
	read_stream(other, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(status == SIGTERM);
}

static void a_slow_client_gets_all(void)
{
	struct program program = {0};
	int client, status;

	prepare_shell(&program, "head -c 600000 /dev/zero | tr '\\0' y; exit 2");
	program.launcher = start_launcher();
	client = attach_to(program.launcher.control, OUT);
	launch_program(&program);
	CHECK(hear(program.launcher.control).type == STARTED);
	usleep(700000); /* the program waits for us */
	CHECK(recorded_status() == -1);
	CHECK(read_stream(client, FRAME_STDOUT, got, sizeof(got), &status) == 600000);
	CHECK(strspn(got, "y") == 600000 && status == 2 << 8);
}

static void a_client_that_reads_nothing_keeps_no_exit_back(void)
{
	struct program program = {0};

	/* All of it has room in the pipe, whatever the client's socket takes: the program ends. */
	prepare_shell(&program, "head -c 60000 /dev/zero; exit 2");
	program.launcher = start_launcher();
	attach_narrow(program.launcher.control, OUT, 1);
	launch_program(&program);
	CHECK(hear(program.launcher.control).type == STARTED);
	CHECK(exit_of(&program) == 2 << 8);
}

static void a_frame_that_makes_no_sense_ends_its_client(void)
{
	static const uint8_t wrong[][8] = {
		{9, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 1, 0, 1, 0}, {3, 0, 0, 0, 255, 0, 0, 0}};
	struct program program = {0};

	start_shell(&program, "exec sleep 60");
	for (int i = 0; i < 3; i++) {
		int client = attach_to(program.launcher.control, IN | OUT);
		char byte;

		CHECK(write(client, wrong[i], 8) == 8);
		CHECK(read(client, &byte, 1) <= 0);
	}
	CHECK(strchr("SR", process_state(program.started.b)) != NULL);
}

static void one_client_too_many_is_told_so(void)
{
	enum { MOST = 128 };
	struct program program = {0};
	int clients[MOST + 1], status;

	start_shell(&program, "read x; echo end");
	for (int i = 0; i < MOST + 1; i++)
		clients[i] = attach_to(program.launcher.control, IN | OUT);
	read_whole(clients[MOST], got, 8);
	CHECK(got[0] == FRAME_STDERR && got[4] == 51);
	read_whole(clients[MOST], got, 51);
	CHECK(memcmp(got, "kapsel: cannot attach: 128 others are attached now\n", 51) == 0);
	send_frame(clients[MOST - 1], FRAME_STDIN, "\n", 1);
	for (int i = 0; i < MOST; i++) {
		read_stream(clients[i], FRAME_STDOUT, got, sizeof(got), &status);
		CHECK(strcmp(got, "end\n") == 0);
	}
}

static void a_terminal_has_its_size_and_one_stream(void)
{
	struct program program = {.terminal = true};
	uint16_t size[2] = {33, 111};
	int client, status;

	start_shell(&program, "read x; stty size; tty >/dev/null && echo $x >&2");
	client = attach_to(program.launcher.control, IN | OUT | ERR);
	send_frame(client, FRAME_RESIZE, size, sizeof(size));
	send_frame(client, FRAME_STDIN, "word\n", 5);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "word\r\n33 111\r\nword\r\n") == 0 && status == 0);
}

static void a_terminal_is_typed_into_again_after_a_detach(void)
{
	struct program program = {.terminal = true, .flags = 1};
	int client, status;

	start_shell(&program, "read x; read y; test $x$y = onetwo && exit 7");
	client = attach_to(program.launcher.control, IN | OUT);
	send_frame(client, FRAME_STDIN, "one\n", 4);
	send_frame(client, FRAME_STDIN_EOF, NULL, 0);
	close(client);
	usleep(50000);
	client = attach_to(program.launcher.control, IN | OUT);
	send_frame(client, FRAME_STDIN, "two\n", 4);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(status == 7 << 8);
}

#define TEST(name) \
	{ \
#name, name, true \
	}
const struct test RELAY_TESTS[] = {
	TEST(streams_stay_apart),
	TEST(the_end_of_stdin_is_passed_on),
	TEST(much_goes_through_both_ways),
	TEST(a_client_that_only_looks_types_nothing),
	TEST(detaching_leaves_stdin_open_unless_once),
	TEST(a_program_that_closes_stdin_hurts_nobody),
	TEST(a_stuck_stdin_costs_nothing_and_stops_no_signal),
	TEST(a_slow_client_gets_all),
	TEST(a_client_that_reads_nothing_keeps_no_exit_back),
	TEST(a_frame_that_makes_no_sense_ends_its_client),
	TEST(one_client_too_many_is_told_so),
	TEST(a_terminal_has_its_size_and_one_stream),
	TEST(a_terminal_is_typed_into_again_after_a_detach),
	{NULL, NULL, false},
};
