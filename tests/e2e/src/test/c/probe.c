#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

const char *error_name(int number)
{
	static char text[16];
	const char *name = number == 0 ? "ok" : strerrorname_np(number);

	if (name)
		return name;
	snprintf(text, sizeof text, "%d", number);
	return text;
}

static int fork_bomb(long most)
{
	long made = 0;

	while (made < most) {
		pid_t pid = fork();

		if (pid == 0) {
			pause();
			_exit(0);
		}
		if (pid < 0)
			break;
		made++;
	}
	printf("%ld %s\n", made, made < most ? error_name(errno) : "ok");
	return 0;
}

static int eat_memory(long mebibytes)
{
	for (long i = 0; i < mebibytes; i++) {
		char *page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return 3;
		memset(page, 7, 1 << 20);
	}
	printf("ate %ld\n", mebibytes);
	return 0;
}

static int orphans(long count)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (fork() == 0)
				_exit(0);
			_exit(0);
		}
		if (pid < 0)
			return 4;
		waitpid(pid, NULL, 0);
	}
	printf("made %ld\n", count);
	return 0;
}

static int flood(long mebibytes)
{
	static char block[1 << 16];

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (char)(i * 31 + i / 251);
	for (long i = 0; i < mebibytes * 16; i++)
		if (write(1, block, sizeof block) != (ssize_t)sizeof block)
			return 5;
	return 0;
}

int burn(const char *what, const char *amount)
{
	long number = atol(amount);

	if (strcmp(what, "forks") == 0)
		return fork_bomb(number);
	if (strcmp(what, "memory") == 0)
		return eat_memory(number);
	if (strcmp(what, "orphans") == 0)
		return orphans(number);
	if (strcmp(what, "output") == 0)
		return flood(number);
	if (strcmp(what, "depth") == 0)
		return dig(number);
	if (strcmp(what, "files") == 0)
		return open_many(number);
	if (strcmp(what, "names") == 0)
		return name(number);
	return 2;
}

/* What sysinfo(2) says of memory, in KiB, asked as a program of 32 bits does: -1 where there is no such way. */
static int narrow_sysinfo(void)
{
	long kib = -1;
#if defined(__x86_64__)
	uint32_t *info = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result = 116;

	__asm__ volatile("int $0x80" : "+a"(result) : "b"(info) : "memory", "r8", "r9", "r10", "r11");
	if (result == 0)
		kib = (long)((uint64_t)info[4] * info[13] / 1024);
#endif
	printf("%ld\n", kib);
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "identity") == 0)
		return identity();
	if (strcmp(command, "attempts") == 0)
		return attempts();
	if (strcmp(command, "calls") == 0)
		return system_calls();
	if (strcmp(command, "writable") == 0)
		return writable_files();
	if (strcmp(command, "secrets") == 0)
		return readable_secrets();
	if (strcmp(command, "greedy") == 0)
		return greedy();
	if (strcmp(command, "burn") == 0 && argc == 4)
		return burn(argv[2], argv[3]);
	if (strcmp(command, "uid") == 0) {
		printf("%d %d\n", getuid(), geteuid());
		return 0;
	}
	if (strcmp(command, "narrow-sysinfo") == 0)
		return narrow_sysinfo();
	if (strcmp(command, "kill-self") == 0) {
		kill(getpid(), argc > 2 ? atoi(argv[2]) : SIGKILL);
		return 0;
	}
	if (strcmp(command, "exit") == 0)
		return argc > 2 ? atoi(argv[2]) : 0;
	fprintf(stderr, "probe: what is '%s'?\n", command);
	return 64;
}
