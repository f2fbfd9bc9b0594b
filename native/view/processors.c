/* Processors: how many a guest has, what they are, and what they did. */
#include "view.h"

enum { LIST_SIZE = 4096, CPUINFO_SIZE = 1 << 19, STAT_SIZE = 1 << 16, MICROS_A_TICK = 10000 };

static char big[CPUINFO_SIZE];

int has_processor(const struct processors *processors, unsigned int number)
{
	return number < MOST_PROCESSORS &&
	       (processors->set[number / 64] >> (number % 64) & 1) != 0;
}

void parse_processors(const char *list, struct processors *found)
{
	*found = (struct processors){0};
	while (*list >= '0' && *list <= '9') {
		uint64_t first = take_number(&list);
		uint64_t last = first;

		if (*list == '-') {
			list++;
			last = take_number(&list);
		}
		for (; first <= last && first < MOST_PROCESSORS; first++) {
			found->count += !has_processor(found, (unsigned int)first);
			found->set[first / 64] |= 1ull << (first % 64);
		}
		if (*list == ',')
			list++;
	}
}

/* How many processors make up the time that it may use; as many as one likes without a limit. */
static uint64_t by_quota(const struct guest *guest)
{
	char words[64];
	const char *at = words;
	uint64_t quota;
	uint64_t period;

	if (read_source(guest->sources[SOURCE_QUOTA], words, sizeof(words)) == 0 || *at < '0' ||
	    *at > '9') /* "max 100000", "-1" */
		return MOST_PROCESSORS;
	quota = take_number(&at);
	if (*at == ' ') {
		at++;
		period = take_number(&at);
	} else {
		period = read_number(guest->sources[SOURCE_PERIOD], 0);
	}
	if (period == 0)
		return MOST_PROCESSORS;
	return quota == 0 ? 1 : quota / period + (quota % period != 0);
}

void find_processors(const struct guest *guest, struct processors *found)
{
	char list[LIST_SIZE];
	uint64_t most = by_quota(guest);

	if (read_source(guest->sources[SOURCE_PROCESSORS], list, sizeof(list)) < 2)
		read_source(host.online, list, sizeof(list));
	parse_processors(list, found);
	if (found->count == 0)
		parse_processors("0", found);
	if (found->count > most)
		found->count = (unsigned int)most;
}

/* The number in "processor : 3" at the start of a block; other blocks are of nobody. */
static int processor_of(const char *block, unsigned int *number)
{
	size_t length = begins(block, "processor");
	const char *at = block + length;

	if (length == 0)
		return 0;
	while (*at == ' ' || *at == '\t' || *at == ':')
		at++;
	*number = (unsigned int)take_number(&at);
	return 1;
}

static const char *next_block(const char *at)
{
	while (*at != '\0' && *at != '\n')
		at = next_line(at);
	while (*at == '\n')
		at++;
	return at;
}

void render_cpuinfo(const struct guest *guest, struct text *text)
{
	struct processors processors;
	unsigned int seen = 0;

	find_processors(guest, &processors);
	if (read_source(host.cpuinfo, big, sizeof(big)) == 0)
		return;
	for (const char *block = big; *block != '\0'; block = next_block(block)) {
		const char *line = block;
		unsigned int number;

		if (processor_of(block, &number)) {
			if (seen == processors.count || !has_processor(&processors, number))
				continue;
			put(text, "processor\t: ");
			put_number(text, seen++);
			put(text, "\n");
			line = next_line(block);
		}
		put_bytes(text, line, (size_t)(next_block(block) - line));
	}
}

struct usage usage_of(const struct guest *guest)
{
	struct usage usage = {0};
	char stat[2048];

	if (read_source(guest->sources[SOURCE_CPU], stat, sizeof(stat)) == 0)
		return usage;
	for (const char *line = stat; *line != '\0'; line = next_line(line)) {
		const char *at = line;
		uint64_t *to = begins(line, "usage_usec ")    ? &usage.total
			       : begins(line, "user_usec ")   ? &usage.user
			       : begins(line, "system_usec ") ? &usage.system
								: NULL;

		if (to == NULL)
			continue;
		while (*at != ' ')
			at++;
		at++;
		*to = take_number(&at);
	}
	return usage;
}

/* user, nice, system, idle and six that nobody counts per group. */
static void put_times(struct text *text, uint64_t user, uint64_t system, uint64_t idle)
{
	put(text, " ");
	put_number(text, user);
	put(text, " 0 ");
	put_number(text, system);
	put(text, " ");
	put_number(text, idle);
	put(text, " 0 0 0 0 0 0\n");
}

/* The share of one of `count`, so that all shares add up. */
static uint64_t share(uint64_t all, unsigned int count, unsigned int which)
{
	return all / count + (which < all % count);
}

void render_stat(const struct guest *guest, struct text *text)
{
	struct processors processors;
	struct usage usage = usage_of(guest);
	uint64_t alive = boot_time() - guest->started;
	uint64_t user = usage.user / MICROS_A_TICK;
	uint64_t system = usage.system / MICROS_A_TICK;
	uint64_t all;
	uint64_t idle;

	find_processors(guest, &processors);
	all = alive / (1000000000 / TICKS) * processors.count;
	idle = all > user + system ? all - user - system : 0;
	put(text, "cpu ");
	put_times(text, user, system, idle);
	for (unsigned int i = 0; i < processors.count; i++) {
		put(text, "cpu");
		put_number(text, i);
		put_times(text, share(user, processors.count, i),
			  share(system, processors.count, i), share(idle, processors.count, i));
	}
	put(text, "intr 0\nctxt 0\nbtime ");
	put_number(text, real_time() - alive / 1000000000);
	put(text, "\nprocesses ");
	put_number(text, read_number(guest->sources[SOURCE_TASKS], 0));
	put(text, "\nprocs_running ");
	put_number(text, guest->running > 0 ? guest->running : 1);
	put(text, "\nprocs_blocked ");
	put_number(text, guest->blocked);
	put(text, "\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n");
}
