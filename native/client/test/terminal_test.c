/* What the client does with a terminal, and that it gives it back. */
#define _GNU_SOURCE
#include "fake.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define INTERACTIVE (ATTACH_TERMINAL | ATTACH_STDIN | ATTACH_DETACH_KEYS | ATTACH_SIGNALS)

/* A client that is attached; its terminal is raw and it has told its size. */
static int attach_in_terminal(struct client *client, int *engine)
{
	int monitor;

	*engine = serve_client_in_terminal(client);
	CHECK(!is_raw(client->slave));
	monitor = send_attach(*engine, INTERACTIVE);
	expect_word(monitor, TO_RESIZE, 33 | 99 << 16);
	CHECK(is_raw(client->slave));
	return monitor;
}

static void expect_typed(int monitor, const char *text)
{
	char data[FRAME_LIMIT];
	uint32_t size;

	for (size_t at = 0; at < strlen(text); at += size) {
		CHECK(next_frame(monitor, data, &size) == TO_STDIN);
		CHECK(at + size <= strlen(text) && memcmp(data, text + at, size) == 0);
	}
}

static void a_terminal_is_described_in_the_request(void)
{
	int listener = listen_as_engine();
	struct client client = start_client_in_terminal("run");
	int engine = accept_client(listener);
	struct received received = receive_request(engine);

	CHECK(received.head.flags == 7);
	CHECK(received.head.rows == 33 && received.head.columns == 99);
	send_word(engine, FROM_EXIT, 0);
	CHECK(finish(&client) == 0);
}

static void the_terminal_is_raw_while_attached_and_restored_before_the_exit(void)
{
	struct client client;
	int engine;
	int monitor = attach_in_terminal(&client, &engine);
	char got[16] = {0};

	write_all(client.terminal, "a\003\032\r", 4);
	expect_typed(monitor, "a\003\032\r");
	send_frame(monitor, FROM_STDOUT, "x\ny", 3);
	CHECK(read(client.terminal, got, sizeof(got)) == 3 && memcmp(got, "x\ny", 3) == 0);
	send_word(monitor, FROM_EXIT, 5 << 8);
	close(monitor);
	await_raw(client.slave, false);
	send_word(engine, FROM_EXIT, 5);
	CHECK(finish(&client) == 5);
}

static void the_terminal_is_restored_when_everyone_else_dies(void)
{
	struct client client;
	int engine;
	int monitor = attach_in_terminal(&client, &engine);

	close(engine);
	close(monitor);
	CHECK(finish(&client) == 125);
	CHECK(!is_raw(client.slave));
}

static void the_terminal_is_restored_when_a_signal_ends_the_client(void)
{
	struct client client;
	int engine = serve_client_in_terminal(&client);
	int monitor = send_attach(engine, ATTACH_TERMINAL | ATTACH_STDIN);

	expect_word(monitor, TO_RESIZE, 33 | 99 << 16);
	CHECK(is_raw(client.slave));
	kill(client.pid, SIGABRT);
	CHECK(finish(&client) == -SIGABRT);
	CHECK(!is_raw(client.slave));
}

static void the_terminal_is_restored_after_a_wrong_frame(void)
{
	struct client client;
	int engine;
	int monitor = attach_in_terminal(&client, &engine);

	send_word(monitor, 99, 0);
	CHECK(finish(&client) == 125);
	CHECK(!is_raw(client.slave));
}

static void a_new_size_is_told(void)
{
	struct client client;
	int engine;
	int monitor = attach_in_terminal(&client, &engine);
	struct winsize size = {.ws_row = 50, .ws_col = 120};

	CHECK(ioctl(client.terminal, TIOCSWINSZ, &size) == 0);
	expect_word(monitor, TO_RESIZE, 50 | 120 << 16);
	send_word(engine, FROM_EXIT, 0);
	close(monitor);
	CHECK(finish(&client) == 0);
}

static void the_detach_keys_end_the_client_and_nothing_else(void)
{
	struct client client;
	int engine;
	int monitor = attach_in_terminal(&client, &engine);
	char data[FRAME_LIMIT];
	uint32_t size;

	write_all(client.terminal, "ab\020", 3);
	expect_typed(monitor, "ab");
	write_all(client.terminal, "\021never", 6);
	expect_end(monitor);
	CHECK(next_frame(engine, data, &size) == TO_DETACHED && size == 0);
	CHECK(!is_raw(client.slave));
	send_word(engine, FROM_EXIT, 0);
	CHECK(finish(&client) == 0);
}

static void a_lone_detach_key_is_typed_with_what_follows_it(void)
{
	struct client client;
	int engine;
	int monitor = attach_in_terminal(&client, &engine);

	write_all(client.terminal, "\020x\021\020\020y", 6);
	expect_typed(monitor, "\020x\021\020\020y");
	send_word(engine, FROM_EXIT, 0);
	close(monitor);
	CHECK(finish(&client) == 0);
}

static void other_detach_keys_are_heard_instead(void)
{
	struct client client;
	int engine = serve_client_in_terminal(&client);
	uint32_t keys = (uint32_t)'x' << 8 | 1u << 16 | (uint32_t)'x' << 24;
	int monitor = send_attach(engine, ATTACH_TERMINAL | ATTACH_STDIN | ATTACH_DETACH_KEYS | keys);
	char data[FRAME_LIMIT];
	uint32_t size;

	expect_word(monitor, TO_RESIZE, 33 | 99 << 16);
	write_all(client.terminal, "\020\021x\001yx", 6);
	expect_typed(monitor, "\020\021x\001y");
	write_all(client.terminal, "\001xnever", 7);
	expect_end(monitor);
	CHECK(next_frame(engine, data, &size) == TO_DETACHED && size == 0);
	send_word(engine, FROM_EXIT, 0);
	CHECK(finish(&client) == 0);
}

static void a_terminal_without_detach_keys_passes_them(void)
{
	struct client client;
	int engine = serve_client_in_terminal(&client);
	int monitor = send_attach(engine, ATTACH_TERMINAL | ATTACH_STDIN);

	expect_word(monitor, TO_RESIZE, 33 | 99 << 16);
	write_all(client.terminal, "\020\021", 2);
	expect_typed(monitor, "\020\021");
	send_word(engine, FROM_EXIT, 0);
	close(monitor);
	CHECK(finish(&client) == 0);
}

static void a_terminal_that_ends_lines_itself_goes_on_doing_so(void)
{
	struct client client;
	int engine = serve_client_in_terminal(&client);
	int monitor = send_attach(engine, ATTACH_TERMINAL | ATTACH_STDIN | ATTACH_OUTPUT);
	char got[16] = {0};

	expect_word(monitor, TO_RESIZE, 33 | 99 << 16);
	send_frame(monitor, FROM_STDOUT, "x\ny", 3);
	CHECK(read(client.terminal, got, sizeof(got)) == 4 && memcmp(got, "x\r\ny", 4) == 0);
	send_word(engine, FROM_EXIT, 0);
	close(monitor);
	CHECK(finish(&client) == 0);
}

static void a_stop_gives_the_terminal_back_and_a_continue_takes_it_again(void)
{
	struct client client;
	int engine;
	int monitor = attach_in_terminal(&client, &engine);

	kill(client.pid, SIGTSTP);
	wait_until_stopped(&client);
	CHECK(!is_raw(client.slave));
	kill(client.pid, SIGCONT);
	expect_word(monitor, TO_RESIZE, 33 | 99 << 16);
	await_raw(client.slave, true);
	write_all(client.terminal, "x", 1);
	expect_typed(monitor, "x");
	send_word(engine, FROM_EXIT, 0);
	close(monitor);
	CHECK(finish(&client) == 0);
	CHECK(!is_raw(client.slave));
}

static void hanging_up_ends_the_input(void)
{
	struct client client;
	int engine;
	int monitor = attach_in_terminal(&client, &engine);
	char data[FRAME_LIMIT];
	uint32_t size;

	close(client.terminal);
	CHECK(next_frame(monitor, data, &size) == TO_STDIN_EOF && size == 0);
	send_word(engine, FROM_EXIT, 129);
	close(monitor);
	CHECK(finish(&client) == 129);
}

const struct test TERMINAL_TESTS[] = {
	{"a terminal that ends lines itself goes on doing so",
	 a_terminal_that_ends_lines_itself_goes_on_doing_so},
	{"a terminal is described in the request", a_terminal_is_described_in_the_request},
	{"the terminal is raw while attached and restored before the exit",
	 the_terminal_is_raw_while_attached_and_restored_before_the_exit},
	{"the terminal is restored when everyone else dies",
	 the_terminal_is_restored_when_everyone_else_dies},
	{"the terminal is restored when a signal ends the client",
	 the_terminal_is_restored_when_a_signal_ends_the_client},
	{"the terminal is restored after a wrong frame",
	 the_terminal_is_restored_after_a_wrong_frame},
	{"a new size is told", a_new_size_is_told},
	{"the detach keys end the client and nothing else",
	 the_detach_keys_end_the_client_and_nothing_else},
	{"a lone detach key is typed with what follows it",
	 a_lone_detach_key_is_typed_with_what_follows_it},
	{"other detach keys are heard instead", other_detach_keys_are_heard_instead},
	{"a terminal without detach keys passes them", a_terminal_without_detach_keys_passes_them},
	{"a stop gives the terminal back and a continue takes it again",
	 a_stop_gives_the_terminal_back_and_a_continue_takes_it_again},
	{"hanging up ends the input", hanging_up_ends_the_input},
	{NULL, NULL},
};
