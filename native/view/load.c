/*
 * Load averages, as the kernel makes them for the whole machine: every five seconds the tasks that
 * run or wait for a disk are counted. A guest that has used no processor since is not looked at.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "syscall.h"
#include "view.h"

enum {
	FRACTION = 11,
	IDLE_MICROS = 1000,
	MOST_GROUPS = 512, /* in a guest: more are not looked into */
	MOST_TASKS = 8192,
	DEEPEST = 16,
	TASKS_SIZE = 1 << 16,
	ENTRIES_SIZE = 4096,
};

/* exp(-5s/1min), /5min, /15min in units of 1 / 2^FRACTION, as Documentation/.../loadavg has them */
static const uint64_t decay[3] = {1884, 2014, 2037};

struct entry { /* struct linux_dirent64 */
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct count {
	uint32_t groups;
	uint32_t tasks;
	uint32_t running;
	uint32_t blocked;
};

static char tasks[TASKS_SIZE];

/* The letter behind the name, which may have parentheses in it: after the last one. */
static char state_of(uint64_t task)
{
	char name[64];
	struct text path = {name, name, name + sizeof(name) - 1};
	char stat[256];
	size_t size;
	long fd;

	put(&path, "/proc/");
	put_number(&path, task);
	put(&path, "/stat");
	*path.at = '\0';
	fd = syscall4(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return '?';
	size = read_source((int)fd, stat, sizeof(stat));
	syscall1(__NR_close, fd);
	while (size > 0 && stat[size - 1] != ')')
		size--;
	return size > 0 && stat[size] == ' ' ? stat[size + 1] : '?';
}

static void count_tasks(int group, struct count *count)
{
	long fd = syscall4(__NR_openat, group, "cgroup.threads", O_RDONLY | O_CLOEXEC, 0);
	size_t size;

	if (fd < 0)
		return;
	size = read_source((int)fd, tasks, sizeof(tasks));
	syscall1(__NR_close, fd);
	if (size == 0)
		return;
	for (const char *at = tasks; *at != '\0' && count->tasks < MOST_TASKS; at = next_line(at)) {
		const char *digits = at;
		char letter = state_of(take_number(&digits));

		count->tasks++;
		count->running += letter == 'R';
		count->blocked += letter == 'D';
	}
}

static void count_group(int group, int depth, struct count *count);

static void count_below(int group, int depth, const char *name, struct count *count)
{
	long fd = syscall4(__NR_openat, group, name,
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	count_group((int)fd, depth + 1, count);
	syscall1(__NR_close, fd);
}

static void count_group(int group, int depth, struct count *count)
{
	enum { DIRECTORY = 4 };
	char entries[ENTRIES_SIZE] __attribute__((aligned(8)));
	long size;

	if (depth > DEEPEST || count->groups++ > MOST_GROUPS)
		return;
	count_tasks(group, count);
	syscall3(__NR_lseek, group, 0, 0);
	while ((size = syscall3(__NR_getdents64, group, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < size;) {
			const struct entry *entry = (const void *)(entries + at);

			if (entry->type == DIRECTORY && entry->name[0] != '.')
				count_below(group, depth, entry->name, count);
			at += entry->length;
		}
	}
}

static void sample(struct guest *guest)
{
	struct count count = {0};
	uint64_t used = usage_of(guest).total;
	uint64_t active;

	if (used - guest->used > IDLE_MICROS && guest->sources[SOURCE_GROUP] >= 0)
		count_group(guest->sources[SOURCE_GROUP], 0, &count);
	guest->used = used;
	guest->running = count.running;
	guest->blocked = count.blocked;
	active = (uint64_t)(count.running + count.blocked) << FRACTION;
	for (int i = 0; i < 3; i++) {
		uint64_t sum = guest->load[i] * decay[i] + active * ((1u << FRACTION) - decay[i]);

		/* Rounded up on the way up, else it would never reach a whole number. */
		if (active >= guest->load[i])
			sum += (1u << FRACTION) - 1;
		guest->load[i] = (uint32_t)(sum >> FRACTION);
	}
}

void sample_loads(void)
{
	for (uint32_t i = 0; i < state->most_guests; i++)
		if (state->guests[i].serial != 0)
			sample(&state->guests[i]);
}
