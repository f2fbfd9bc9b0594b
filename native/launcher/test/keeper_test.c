/* Monitors that are killed. */
#define _GNU_SOURCE
#include "program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char got[4096];

/* A program that outlives its monitor, by a launcher that has a keeper. */
static struct launcher start_kept(struct program *program, const char *script)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	struct launcher first = start_launcher();

	program->launcher = spawn(first);
	prepare(program);
	STEP(&program->draft, MONITOR, OP_CLONE, I(0), END)->slot = PID_SLOT;
	connect_streams(program);
	CALL(&program->draft, INIT, SYS_prctl, I(PR_SET_PDEATHSIG), I(0));
	finish_with(program, argv);
	launch_program(program);
	program->started = hear(program->launcher.control);
	CHECK(program->started.type == STARTED);
	return first;
}

/* Kills the monitor and meets the next one. */
static void replace(struct program *program)
{
	struct message before = program->started;

	CHECK(kill(before.b, SIGKILL) == 0);
	CHECK(ended(program->launcher.control));
	close(program->launcher.control);
	program->launcher.control = connect_again();
	program->started = hear(program->launcher.control);
	CHECK(program->started.type == STARTED && program->started.a == before.a);
	CHECK(program->started.b != before.b);
}

static void go(void)
{
	close(open(path_of("go"), O_CREAT | O_WRONLY, 0600));
}

static const char *when_told(const char *script)
{
	static char all[512];

	/* for as long as a test may take: where it fails, nobody tells it */
	snprintf(all, sizeof(all),
		 "i=0; until test -e %s || test $i -gt 1500; do i=$((i+1)); sleep 0.02; done; %s",
		 path_of("go"), script);
	return all;
}

static void a_killed_monitor_is_replaced(void)
{
	struct program program = {0};
	int client, status;

	start_kept(&program, when_told("echo late; exit 5"));
	replace(&program);
	replace(&program);
	client = attach_to(program.launcher.control, OUT);
	go();
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "late\n") == 0 && status == 5 << 8);
	CHECK(exit_of(&program) == 5 << 8);
}

static void it_is_replaced_without_an_engine(void)
{
	struct program program = {0};
	struct launcher first = start_kept(&program, when_told("kill -TERM $$"));

	close(first.control);
	close(program.launcher.control);
	CHECK(kill(program.started.b, SIGKILL) == 0);
	go();
	CHECK(waitpid(first.pid, NULL, 0) == first.pid); /* after all that it kept have ended */
	CHECK(recorded_status() == SIGTERM);
}

static bool is_in_log(const char *text)
{
	int log = open(path_of("log"), O_RDONLY);
	ssize_t size = log < 0 ? 0 : read(log, got, sizeof(got));

	close(log);
	return size > 0 && memmem(got, (size_t)size, text, strlen(text)) != NULL;
}

static void its_program_may_have_ended_before(void)
{
	struct program program = {0};

	start_kept(&program, when_told("echo last; exit 6"));
	CHECK(kill(program.started.b, SIGSTOP) == 0);
	go();
	for (int i = 0; process_state(program.started.a) != 'Z'; i++) {
		CHECK(i < 500);
		usleep(10000);
	}
	kill(program.started.b, SIGKILL);
	for (int i = 0; recorded_status() != 6 << 8; i++) {
		CHECK(i < 500);
		usleep(10000);
	}
	for (int i = 0; !is_in_log("last\n"); i++) {
		CHECK(i < 500);
		usleep(10000);
	}
}

static void a_kept_input_ends(void)
{
	struct program program = {0};
	int client, status;

	start_kept(&program, "cat; exit 7");
	replace(&program);
	client = attach_to(program.launcher.control, IN | OUT);
	send_frame(client, FRAME_STDIN, "word", 4);
	send_frame(client, FRAME_STDIN_EOF, NULL, 0);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "word") == 0 && status == 7 << 8);
}

static void a_kept_terminal_is_not_hung_up(void)
{
	struct program program = {.terminal = true};
	int client, status;

	start_kept(&program, "trap 'exit 1' HUP; read line; echo got $line; exit 8");
	replace(&program);
	client = attach_to(program.launcher.control, IN | OUT);
	send_frame(client, FRAME_STDIN, "hello\n", 6);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strstr(got, "got hello\r\n") != NULL && status == 8 << 8);
}

/* Since Linux 6.15 the kernel tells; before, nobody is told anything wrong. */
static void without_a_keeper_nothing_wrong_is_told(void)
{
	struct program program = {0};
	struct launcher first = start_kept(&program, when_told("exit 9"));
	int32_t last[4] = {0};
	ssize_t size;

	replace(&program);
	kill(first.pid, SIGKILL);
	CHECK(waitpid(first.pid, NULL, 0) == first.pid);
	go();
	CHECK(waitpid(program.started.a, NULL, 0) == program.started.a); /* ours by now */
	size = recv(program.launcher.control, last, sizeof(last), 0);
	CHECK(size <= 0 || (last[0] == EXITED && last[1] == 9 << 8));
	CHECK(recorded_status() == (size > 0 ? 9 << 8 : -1));
	printf("     the kernel %s\n", size > 0 ? "tells" : "does not tell");
}

#define TEST(name) \
	{ \
#name, name, true \
	}
const struct test KEEPER_TESTS[] = {
	TEST(a_killed_monitor_is_replaced),
	TEST(it_is_replaced_without_an_engine),
	TEST(its_program_may_have_ended_before),
	TEST(a_kept_input_ends),
	TEST(a_kept_terminal_is_not_hung_up),
	TEST(without_a_keeper_nothing_wrong_is_told),
	{NULL, NULL, false},
};
