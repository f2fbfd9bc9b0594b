#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A chain of directories, each in the one before. */
int dig(long depth)
{
	if (chdir("/srv") < 0)
		return 3;
	for (long i = 0; i < depth; i++)
		if (mkdir("d", 0755) < 0 || chdir("d") < 0)
			return 4;
	printf("dug %ld\n", depth);
	return 0;
}

/* Files whose names, and that of the directory, are as long as can be, and no text. */
int name(long count)
{
	char text[256];

	memset(text, 0xff, sizeof text);
	text[255] = 0;
	if (chdir("/") < 0 || mkdir(text, 0755) < 0 || chdir(text) < 0)
		return 3;
	for (long i = 0; i < count; i++) {
		int fd;
		int length = sprintf(text, "%07ld", i);

		text[length] = (char)0xff;
		fd = open(text, O_CREAT | O_WRONLY, 0644);
		if (fd < 0)
			return 4;
		close(fd);
	}
	printf("named %ld\n", count);
	return 0;
}

int open_many(long most)
{
	long count = 0;

	while (count < most && open("/dev/null", O_RDONLY) >= 0)
		count++;
	printf("%ld %s\n", count, count < most ? error_name(errno) : "ok");
	return 0;
}

struct sched_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void tell(const char *what, long result)
{
	printf("%s %s\n", what, result < 0 ? error_name(errno) : "ok");
}

/* What would take the processors or the memory from everybody else. */
int greedy(void)
{
	struct sched_param first = {.sched_priority = 1};
	struct sched_attributes deadline = {sizeof deadline, SCHED_DEADLINE, 0, 0, 0, 1000000, 10000000, 10000000};
	size_t size = 64 << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	tell("fifo", sched_setscheduler(0, SCHED_FIFO, &first));
	tell("round-robin", sched_setscheduler(0, SCHED_RR, &first));
	tell("deadline", syscall(SYS_sched_setattr, 0, &deadline, 0));
	tell("nice", setpriority(PRIO_PROCESS, 0, -5));
	tell("realtime-io", syscall(SYS_ioprio_set, 1, 0, 1 << 13));
	tell("mlock", mlock(memory, size));
	tell("mlockall", mlockall(MCL_CURRENT | MCL_FUTURE));
	return 0;
}
