/*
 * launcher-test LAUNCHER INSIDE [EMULATOR]: each test in a process and a directory of its own;
 * with ONLY in the environment the one of that name.
 */
#define _GNU_SOURCE
#include "drive.h"

#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(FUZZ) && FUZZ > 1000000
enum { TEST_SECONDS = 300, SECONDS_ALONE = 300 };
#else
enum { TEST_SECONDS = 30, SECONDS_ALONE = 10 };
#endif

const char *launcher_binary, *emulator, *inside_binary;
char directory[64];

static bool passes(const struct test *test)
{
	char command[128];
	int status;
	pid_t pid;

	strcpy(directory, "/tmp/kapsel-test-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	pid = fork();
	if (pid == 0) {
		setsid();
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		alarm(getenv("ONLY") == NULL ? TEST_SECONDS : SECONDS_ALONE);
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
	const struct test *const suites[] = {CHECK_TESTS,  STEP_TESTS,  RUN_TESTS,
					     KEEPER_TESTS, RELAY_TESTS, LOG_TESTS};
	const char *only;
	int passed = 0, failed = 0;

	CHECK(argc >= 3);
	launcher_binary = argv[1];
	inside_binary = argv[2];
	emulator = argv[3];
	only = getenv("ONLY");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid() != 0) {
		printf("launcher-test: namespaces and mounts need root\n0 passed, 1 failed\n");
		return 1;
	}
	for (int suite = 0; suite < 6; suite++) {
		for (const struct test *test = suites[suite]; test->name != NULL; test++) {
			bool good;

			if (test->native && emulator != NULL)
				continue;
			if (only != NULL && strcmp(only, test->name) != 0)
				continue;
			good = passes(test);
			printf("%s %s\n", good ? "ok  " : "FAIL", test->name);
			*(good ? &passed : &failed) += 1;
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
