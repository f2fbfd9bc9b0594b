/*
 * timer ROUNDS -- COMMAND... [-- COMMAND...]: runs the commands in turn, ROUNDS times, and prints a line per
 * round with the microseconds that each took from start to exit observed. A command that fails ends it.
 * Commands with a single + between them are run one after the other and measured together.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Pipes, because crun gives its streams away to the container's root, and /dev/null is the host's. */
static int streams[2];

/* Takes what the commands print, so that none of them waits for room. */
static void drain(int from)
{
	static char bytes[65536];

	if (fork() != 0)
		return;
	close(streams[0]);
	close(streams[1]);
	close(STDOUT_FILENO);
	while (read(from, bytes, sizeof(bytes)) > 0)
		;
	_exit(0);
}

static void make_streams(void)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		exit(2);
	close(in[1]);
	streams[0] = in[0];
	streams[1] = out[1];
	drain(out[0]);
	close(out[0]);
}

static void run(char **words)
{
	posix_spawn_file_actions_t quiet;
	int status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_adddup2(&quiet, streams[0], 0);
	posix_spawn_file_actions_adddup2(&quiet, streams[1], 1);
	if (posix_spawnp(&pid, words[0], &quiet, NULL, words, environ) != 0) {
		fprintf(stderr, "timer: cannot start %s\n", words[0]);
		exit(2);
	}
	waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&quiet);
	if (status != 0) {
		fprintf(stderr, "timer: %s ended with status %x\n", words[0], (unsigned)status);
		exit(2);
	}
}

/* The commands up to the end of the words. */
static double measure(char **words, char **end)
{
	long long begin = now();

	while (words < end) {
		run(words);
		while (words < end && *words != NULL)
			words++;
		words++;
	}
	return (double)(now() - begin) / 1000;
}

int main(int argc, char **argv)
{
	char **commands[33];
	int count = 0;
	int rounds = argc > 1 ? atoi(argv[1]) : 0;

	make_streams();
	for (int i = 2; i < argc && count < 32; i++) {
		if (strcmp(argv[i], "--") == 0)
			commands[count++] = argv + i + 1;
		if (strcmp(argv[i], "--") == 0 || strcmp(argv[i], "+") == 0)
			argv[i] = NULL;
	}
	commands[count] = argv + argc + 1;
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < count; i++)
			printf(i ? " %.1f" : "%.1f", measure(commands[i], commands[i + 1] - 1));
		putchar('\n');
		fflush(stdout);
	}
	return count ? 0 : 2;
}
