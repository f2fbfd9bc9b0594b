/*
 * client-test CLIENT [EMULATOR]: runs every test in a process and a directory of its own, with a
 * deadline. client-test --engine DIRECTORY: is the engine that the starter of a test starts;
 * answers EXIT 7.
 */
#define _GNU_SOURCE
#include "fake.h"

#include <limits.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST_SECONDS 30
#define ENGINE_SECONDS 8

static void be_engine(const char *where)
{
	int listener;

	alarm(ENGINE_SECONDS);
	strncpy(directory, where, sizeof(directory) - 1);
	unlink(path_of("run/kapsel.sock"));
	listener = listen_as_engine();
	for (;;) {
		int engine = accept_client(listener);

		struct received received = receive_request(engine);

		for (int i = 0; i < 3; i++)
			close(received.fds[i]);
		send_word(engine, FROM_EXIT, 7);
		close(engine);
	}
}

static void prepare_directory(void)
{
	char command[PATH_MAX + 64];

	strcpy(directory, "/tmp/kapsel-test-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	CHECK(mkdir(path_of("bin"), 0755) == 0 && mkdir(path_of("run"), 0700) == 0);
	CHECK(mkdir(path_of("lib"), 0755) == 0 && mkdir(path_of("lib/kapsel"), 0755) == 0);
	snprintf(command, sizeof(command), "cp %s %s/bin/%s", client_binary, directory,
		 emulator == NULL ? "kapsel" : "emulated");
	CHECK(system(command) == 0);
	if (emulator == NULL)
		return;
	snprintf(command, sizeof(command), "#!/bin/sh\nexec %s -0 kapsel %s/bin/emulated \"$@\"\n",
		 emulator, directory);
	write_file(path_of("bin/kapsel"), command, 0755);
}

static void ignore(int signal)
{
	(void)signal;
}

static bool passes(const struct test *test)
{
	char command[128];
	int status;
	pid_t pid;

	prepare_directory();
	pid = fork();
	if (pid == 0) {
		/* A session of its own, which survives that its terminal is hung up. */
		setsid();
		signal(SIGHUP, ignore);
		alarm(TEST_SECONDS);
		test->run();
		exit(0);
	}
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command) == 0 && status == 0;
}

int main(int argc, char **argv)
{
	const struct test *const suites[] = {RELAY_TESTS, TERMINAL_TESTS, START_TESTS};
	static char own[PATH_MAX];
	int passed = 0;
	int failed = 0;

	if (argc == 3 && strcmp(argv[1], "--engine") == 0)
		be_engine(argv[2]);
	CHECK(argc >= 2 && realpath("/proc/self/exe", own) != NULL);
	client_binary = argv[1];
	emulator = argv[2];
	self = own;
	signal(SIGPIPE, SIG_DFL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int suite = 0; suite < 3; suite++) {
		for (const struct test *test = suites[suite]; test->name != NULL; test++) {
			bool good = passes(test);

			printf("%s %s\n", good ? "ok  " : "FAIL", test->name);
			*(good ? &passed : &failed) += 1;
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
