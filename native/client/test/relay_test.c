/* What passes through the client when its stdio are pipes. */
#define _GNU_SOURCE
#include "fake.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG (8u << 20)

static void request_says_what_the_client_was_called_with(void)
{
	int listener = listen_as_engine();
	struct client client;
	struct received received;
	const char *text;
	char cwd[4096];
	int engine;

	umask(027);
	setenv("KAPSEL_TEST_VALUE", "a b", 1);
	client = start_client("run");
	engine = accept_client(listener);
	received = receive_request(engine);
	CHECK(received.head.argc == 3);
	CHECK(memcmp(received.strings, "kapsel\0run\0--flag", 18) == 0);
	CHECK(received.head.flags == 0 && received.head.umask == 027);
	CHECK(memmem(received.strings, received.head.length, "\0KAPSEL_TEST_VALUE=a b", 23) !=
	      NULL);
	text = received.strings;
	for (uint32_t i = 0; i < received.head.argc + received.head.envc; i++)
		text += strlen(text) + 1;
	CHECK(strcmp(text, getcwd(cwd, sizeof(cwd))) == 0);
	CHECK(text + strlen(text) + 1 == received.strings + received.head.length);
	write_all(received.fds[1], "direct", 6);
	close(received.fds[1]);
	send_word(engine, FROM_EXIT, 0);
	CHECK(finish(&client) == 0);
	CHECK(strcmp(read_all(client.out), "direct") == 0);
}

static void output_goes_to_its_own_stream_and_the_exit_code_is_returned(void)
{
	struct client client;
	int engine = serve_client(&client);

	send_frame(engine, FROM_STDOUT, "out\0put", 7);
	send_frame(engine, FROM_STDERR, "error", 5);
	send_frame(engine, FROM_STDOUT, "", 0);
	send_frame(engine, FROM_STDOUT, "!", 1);
	send_word(engine, FROM_EXIT, 42);
	CHECK(finish(&client) == 42);
	CHECK(memcmp(read_all(client.out), "out\0put!", 9) == 0);
	CHECK(strcmp(read_all(client.err), "error") == 0);
}

static uint8_t pattern(uint32_t at)
{
	return (uint8_t)(at * 2654435761u >> 13);
}

static void big_output_reaches_a_slow_reader_whole(void)
{
	struct client client;
	int engine = serve_client(&client);
	static uint8_t data[FRAME_LIMIT];
	char *got;

	if (fork() == 0) {
		close(client.out);
		for (uint32_t at = 0; at < BIG; at += sizeof(data)) {
			for (uint32_t i = 0; i < sizeof(data); i++)
				data[i] = pattern(at + i);
			send_frame(engine, FROM_STDOUT, data, sizeof(data));
		}
		send_word(engine, FROM_EXIT, 0);
		_exit(0);
	}
	usleep(50000);
	got = read_all(client.out);
	for (uint32_t at = 0; at < BIG; at++)
		CHECK((uint8_t)got[at] == pattern(at));
	CHECK(finish(&client) == 0);
}

/* A monitor that gives back what it gets, as `cat` in a container would. */
static void echo(int engine, int monitor)
{
	static uint8_t data[FRAME_LIMIT];
	uint32_t size;
	int type;

	while ((type = next_frame(monitor, data, &size)) == TO_STDIN)
		send_frame(monitor, FROM_STDOUT, data, size);
	CHECK(type == TO_STDIN_EOF);
	send_word(monitor, FROM_EXIT, 3 << 8);
	close(monitor);
	send_word(engine, FROM_EXIT, 3);
	_exit(0);
}

static void big_data_passes_both_ways_at_once(void)
{
	struct client client;
	int engine = serve_client(&client);
	int monitor = send_attach(engine, ATTACH_STDIN | ATTACH_SIGNALS);
	char *got;

	if (fork() == 0) {
		close(client.in);
		echo(engine, monitor);
	}
	close(monitor);
	if (fork() == 0) {
		static uint8_t data[BIG];

		for (uint32_t at = 0; at < BIG; at++)
			data[at] = pattern(at);
		write_all(client.in, data, BIG);
		_exit(0);
	}
	close(client.in);
	got = read_all(client.out);
	for (uint32_t at = 0; at < BIG; at++)
		CHECK((uint8_t)got[at] == pattern(at));
	CHECK(finish(&client) == 3);
}

static void end_of_stdin_is_passed_on_and_output_goes_on(void)
{
	struct client client;
	int engine = serve_client(&client);
	int monitor = send_attach(engine, ATTACH_STDIN);
	char data[FRAME_LIMIT];
	uint32_t size;

	write_all(client.in, "hi", 2);
	close(client.in);
	CHECK(next_frame(monitor, data, &size) == TO_STDIN && size == 2 &&
	      memcmp(data, "hi", 2) == 0);
	CHECK(next_frame(monitor, data, &size) == TO_STDIN_EOF && size == 0);
	send_frame(monitor, FROM_STDERR, "late", 4);
	send_word(monitor, FROM_EXIT, 0);
	close(monitor);
	send_word(engine, FROM_EXIT, 0);
	CHECK(finish(&client) == 0);
	CHECK(strcmp(read_all(client.err), "late") == 0);
}

static void stdin_is_left_alone_where_nobody_wants_it(void)
{
	struct client client;
	int engine = serve_client(&client);
	int monitor = send_attach(engine, 0);
	char byte;

	write_all(client.in, "kept", 4);
	send_frame(monitor, FROM_STDOUT, "x", 1);
	CHECK(read(client.out, &byte, 1) == 1);
	close(monitor);
	send_word(engine, FROM_EXIT, 0);
	CHECK(finish(&client) == 0);
}

static void shared_descriptors_stay_blocking(void)
{
	struct client client;
	int listener = listen_as_engine();
	struct received received;
	int engine;
	int monitor;
	char data[FRAME_LIMIT];
	uint32_t size;

	client = start_client("run");
	engine = accept_client(listener);
	received = receive_request(engine);
	monitor = send_attach(engine, ATTACH_STDIN);
	write_all(client.in, "x", 1);
	CHECK(next_frame(monitor, data, &size) == TO_STDIN);
	send_frame(monitor, FROM_STDOUT, "x", 1);
	CHECK(read(client.out, data, 1) == 1);
	for (int i = 0; i < 3; i++)
		CHECK((fcntl(received.fds[i], F_GETFL) & O_NONBLOCK) == 0);
	send_word(engine, FROM_EXIT, 0);
	close(monitor);
	CHECK(finish(&client) == 0);
}

static void an_engine_that_vanishes_is_an_error(void)
{
	struct client client;
	int engine = serve_client(&client);

	send_frame(engine, FROM_STDOUT, "half", 4);
	close(engine);
	CHECK(finish(&client) == 125);
	CHECK(strcmp(read_all(client.out), "half") == 0);
	CHECK(strcmp(read_all(client.err),
		     "kapsel: the engine went away before it was done with this command\n") == 0);
}

static void an_attachment_outlives_the_engine(void)
{
	struct client client;
	int engine = serve_client(&client);
	int monitor = send_attach(engine, ATTACH_STDIN);

	close(engine);
	usleep(20000);
	send_frame(monitor, FROM_STDOUT, "alive", 5);
	send_word(monitor, FROM_EXIT, 9);
	close(monitor);
	CHECK(finish(&client) == 128 + 9);
	CHECK(strcmp(read_all(client.out), "alive") == 0);
	CHECK(strstr(read_all(client.err), "kapsel: the engine went away while") != NULL);
}

static void a_monitor_that_vanishes_leaves_the_verdict_to_the_engine(void)
{
	struct client client;
	int engine = serve_client(&client);
	int monitor = send_attach(engine, ATTACH_STDIN);

	close(monitor);
	send_frame(engine, FROM_STDERR, "kapsel: monitor lost\n", 21);
	send_word(engine, FROM_EXIT, 125);
	CHECK(finish(&client) == 125);
	CHECK(strcmp(read_all(client.err), "kapsel: monitor lost\n") == 0);
}

static void frames_that_are_wrong_are_refused(void)
{
	static const struct frame LONG = {.type = FROM_STDOUT, .length = FRAME_LIMIT + 1};
	static const struct frame UNKNOWN = {.type = 77, .length = 4};
	const struct frame *wrong[] = {&LONG, &UNKNOWN};
	char data[sizeof(struct frame) + 4] = {0};

	for (int i = 0; i < 2; i++) {
		struct client client;
		int engine = serve_client(&client);

		memcpy(data, wrong[i], sizeof(*wrong[i]));
		write_all(engine, data, sizeof(data));
		CHECK(finish(&client) == 125);
		CHECK(strncmp(read_all(client.err), "kapsel: the engine sent a frame ", 32) == 0);
		unlink(path_of("run/kapsel.sock"));
	}
}

static void signals_go_to_the_container(void)
{
	struct client client;
	int engine = serve_client(&client);
	int monitor = send_attach(engine, ATTACH_SIGNALS);
	char byte;

	send_frame(monitor, FROM_STDOUT, "x", 1);
	CHECK(read(client.out, &byte, 1) == 1);
	kill(client.pid, SIGTERM);
	expect_word(monitor, TO_SIGNAL, SIGTERM);
	kill(client.pid, SIGUSR1);
	expect_word(monitor, TO_SIGNAL, SIGUSR1);
	/* qemu-user numbers real-time signals in its own way. */
	if (emulator == NULL) {
		kill(client.pid, SIGRTMAX);
		expect_word(monitor, TO_SIGNAL, (uint32_t)SIGRTMAX);
	}
	send_word(engine, FROM_EXIT, 143);
	close(monitor);
	CHECK(finish(&client) == 143);
}

/* Fills the way to the monitor, which reads nothing; the signal must not wait behind that. */
static void signals_overtake_a_stdin_that_is_stuck(void)
{
	struct client client;
	int engine = serve_client(&client);
	int monitor = send_attach(engine, ATTACH_STDIN | ATTACH_SIGNALS);
	struct pollfd room = {client.in, POLLOUT, 0};
	static char data[4096];

	while (poll(&room, 1, 300) > 0)
		CHECK(write(client.in, data, sizeof(data)) > 0);
	kill(client.pid, SIGINT);
	expect_word(engine, TO_CANCEL, SIGINT);
	send_word(engine, FROM_EXIT, 130);
	close(monitor);
	CHECK(finish(&client) == 130);
}

static void without_forwarding_a_signal_ends_the_client_alone(void)
{
	struct client client;
	int engine = serve_client(&client);
	int monitor = send_attach(engine, ATTACH_STDIN);
	char byte;

	send_frame(monitor, FROM_STDOUT, "x", 1);
	CHECK(read(client.out, &byte, 1) == 1);
	kill(client.pid, SIGTERM);
	CHECK(finish(&client) == -SIGTERM);
	expect_end(monitor);
}

static void the_first_interrupt_cancels_the_second_kills(void)
{
	struct client client;
	int engine = serve_client(&client);
	char byte;

	send_frame(engine, FROM_STDOUT, "x", 1);
	CHECK(read(client.out, &byte, 1) == 1);
	kill(client.pid, SIGINT);
	expect_word(engine, TO_CANCEL, SIGINT);
	kill(client.pid, SIGINT);
	CHECK(finish(&client) == -SIGINT);
}

static void an_ignored_signal_stays_ignored(void)
{
	struct client client;
	int engine;
	int monitor;
	char byte;

	signal(SIGHUP, SIG_IGN);
	engine = serve_client(&client);
	monitor = send_attach(engine, ATTACH_SIGNALS);
	send_frame(monitor, FROM_STDOUT, "x", 1);
	CHECK(read(client.out, &byte, 1) == 1);
	kill(client.pid, SIGHUP);
	kill(client.pid, SIGUSR2);
	expect_word(monitor, TO_SIGNAL, SIGUSR2);
	send_word(engine, FROM_EXIT, 0);
	close(monitor);
	CHECK(finish(&client) == 0);
}

static void a_reader_that_is_gone_ends_the_client_by_sigpipe(void)
{
	struct client client;
	int engine = serve_client(&client);

	close(client.out);
	send_frame(engine, FROM_STDOUT, "x", 1);
	CHECK(finish(&client) == -SIGPIPE);
}

static void a_full_disk_is_an_error(void)
{
	int listener = listen_as_engine();
	struct client client;
	int engine;

	if ((client.pid = fork()) == 0) {
		int full = open("/dev/full", O_WRONLY);

		dup2(full, 1);
		dup2(open(path_of("errors"), O_WRONLY | O_CREAT, 0600), 2);
		setenv("KAPSEL_RUN", path_of("run"), 1);
		execl(path_of("bin/kapsel"), "kapsel", (char *)NULL);
	}
	engine = accept_client(listener);
	receive_request(engine);
	send_frame(engine, FROM_STDOUT, "x", 1);
	CHECK(finish(&client) == 125);
	CHECK(strcmp(read_all(open(path_of("errors"), O_RDONLY)),
		     "kapsel: cannot write to stdout: no space left on device (ENOSPC)\n") == 0);
}

const struct test RELAY_TESTS[] = {
	{"a request says what the client was called with",
	 request_says_what_the_client_was_called_with},
	{"output goes to its own stream and the exit code is returned",
	 output_goes_to_its_own_stream_and_the_exit_code_is_returned},
	{"big output reaches a slow reader whole", big_output_reaches_a_slow_reader_whole},
	{"big data passes both ways at once", big_data_passes_both_ways_at_once},
	{"the end of stdin is passed on and output goes on",
	 end_of_stdin_is_passed_on_and_output_goes_on},
	{"stdin is left alone where nobody wants it", stdin_is_left_alone_where_nobody_wants_it},
	{"shared descriptors stay blocking", shared_descriptors_stay_blocking},
	{"an engine that vanishes is an error", an_engine_that_vanishes_is_an_error},
	{"an attachment outlives the engine", an_attachment_outlives_the_engine},
	{"a monitor that vanishes leaves the verdict to the engine",
	 a_monitor_that_vanishes_leaves_the_verdict_to_the_engine},
	{"frames that are wrong are refused", frames_that_are_wrong_are_refused},
	{"signals go to the container", signals_go_to_the_container},
	{"signals overtake a stdin that is stuck", signals_overtake_a_stdin_that_is_stuck},
	{"without forwarding a signal ends the client alone",
	 without_forwarding_a_signal_ends_the_client_alone},
	{"the first interrupt cancels, the second kills",
	 the_first_interrupt_cancels_the_second_kills},
	{"an ignored signal stays ignored", an_ignored_signal_stays_ignored},
	{"a reader that is gone ends the client by SIGPIPE",
	 a_reader_that_is_gone_ends_the_client_by_sigpipe},
	{"a full disk is an error", a_full_disk_is_an_error},
	{NULL, NULL},
};
