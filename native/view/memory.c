/* Memory and swap, from the counters of a guest's control group. */
#include "view.h"

enum counter {
	CACHE,
	ANON,
	MAPPED,
	SHMEM,
	DIRTY,
	WRITEBACK,
	ACTIVE_ANON,
	INACTIVE_ANON,
	ACTIVE_FILE,
	INACTIVE_FILE,
	UNEVICTABLE,
	RECLAIMABLE,
	UNRECLAIMABLE,
	STACK,
	TABLES,
	COUNTERS,
};

/* The names in memory.stat of each version; an empty one is not counted there. */
static const char *const names[2][COUNTERS] = {
	{"file", "anon", "file_mapped", "shmem", "file_dirty", "file_writeback", "active_anon",
	 "inactive_anon", "active_file", "inactive_file", "unevictable", "slab_reclaimable",
	 "slab_unreclaimable", "kernel_stack", "pagetables"},
	{"total_cache", "total_rss", "total_mapped_file", "total_shmem", "total_dirty",
	 "total_writeback", "total_active_anon", "total_inactive_anon", "total_active_file",
	 "total_inactive_file", "total_unevictable", "", "", "", ""},
};

/* All in bytes. */
struct memory {
	uint64_t total;
	uint64_t used;
	uint64_t swap_total;
	uint64_t swap_used;
	uint64_t counters[COUNTERS];
};

/* What version 1 says where nothing is limited is about this number. */
static const uint64_t NO_LIMIT = 1ull << 62;

enum { STAT_SIZE = 8192, MEMINFO_SIZE = 8192, LINE_NAME = 24 };

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The value of a line of the host's /proc/meminfo, in bytes. */
static uint64_t host_value(const char *meminfo, const char *name)
{
	for (const char *line = meminfo; *line != '\0'; line = next_line(line)) {
		size_t length = begins(line, name);

		if (length == 0 || line[length] != ':')
			continue;
		line += length + 1;
		while (*line == ' ')
			line++;
		return take_number(&line) * 1024;
	}
	return 0;
}

static void take_counters(const char *stat, int version_1, uint64_t *counters)
{
	for (const char *line = stat; *line != '\0'; line = next_line(line)) {
		for (int i = 0; i < COUNTERS; i++) {
			size_t length = begins(line, names[version_1][i]);

			if (length == 0 || line[length] != ' ')
				continue;
			line += length + 1;
			counters[i] = take_number(&line);
			break;
		}
	}
}

static void find_swap(const struct guest *guest, const char *meminfo, uint64_t memory_most,
		      struct memory *memory)
{
	uint64_t of_host = host_value(meminfo, "SwapTotal");
	uint64_t most;
	uint64_t used;

	if (of_host == 0)
		return;
	most = read_number(guest->sources[SOURCE_SWAP_MOST], UINT64_MAX);
	used = read_number(guest->sources[SOURCE_SWAP], 0);
	if (guest->flags & GUEST_MEMORY_V1) {
		most = memory_most >= NO_LIMIT ? UINT64_MAX : less(most, memory_most);
		used = less(used, memory->used);
	}
	memory->swap_total = least(most, of_host);
	memory->swap_used = least(used, memory->swap_total);
}

static int find_memory(const struct guest *guest, const char *meminfo, struct memory *memory)
{
	char stat[STAT_SIZE];
	uint64_t most;

	if (guest->sources[SOURCE_MEMORY] < 0)
		return 0;
	most = read_number(guest->sources[SOURCE_MEMORY_MOST], UINT64_MAX);
	memory->total = least(host_value(meminfo, "MemTotal"), most);
	memory->used = least(read_number(guest->sources[SOURCE_MEMORY], 0), memory->total);
	if (read_piece(guest->sources[SOURCE_MEMORY_STAT], stat, sizeof(stat)) > 0)
		take_counters(stat, (guest->flags & GUEST_MEMORY_V1) != 0, memory->counters);
	find_swap(guest, meminfo, most, memory);
	return 1;
}

/* A line of a guest's, in bytes. */
struct line {
	const char *name;
	uint64_t value;
};

enum { LINES = 24 };

/* In the kernel's order. */
static void make_lines(const struct memory *m, const char *meminfo, struct line *lines)
{
	const uint64_t *c = m->counters;
	uint64_t free = less(m->total, m->used);
	uint64_t available = free + c[ACTIVE_FILE] + c[INACTIVE_FILE] + c[RECLAIMABLE];
	const struct line all[LINES] = {
		{"MemTotal", m->total},
		{"MemFree", least(free, host_value(meminfo, "MemFree"))},
		{"MemAvailable",
		 least(least(available, m->total), host_value(meminfo, "MemAvailable"))},
		{"Cached", c[CACHE]},
		{"Active", c[ACTIVE_ANON] + c[ACTIVE_FILE]},
		{"Inactive", c[INACTIVE_ANON] + c[INACTIVE_FILE]},
		{"Active(anon)", c[ACTIVE_ANON]},
		{"Inactive(anon)", c[INACTIVE_ANON]},
		{"Active(file)", c[ACTIVE_FILE]},
		{"Inactive(file)", c[INACTIVE_FILE]},
		{"Unevictable", c[UNEVICTABLE]},
		{"SwapTotal", m->swap_total},
		{"SwapFree", m->swap_total - m->swap_used},
		{"Dirty", c[DIRTY]},
		{"Writeback", c[WRITEBACK]},
		{"AnonPages", c[ANON]},
		{"Mapped", c[MAPPED]},
		{"Shmem", c[SHMEM]},
		{"KReclaimable", c[RECLAIMABLE]},
		{"Slab", c[RECLAIMABLE] + c[UNRECLAIMABLE]},
		{"SReclaimable", c[RECLAIMABLE]},
		{"SUnreclaim", c[UNRECLAIMABLE]},
		{"KernelStack", c[STACK]},
		{"PageTables", c[TABLES]},
	};

	for (int i = 0; i < LINES; i++)
		lines[i] = all[i];
}

/* What is a property of the machine. */
static int is_of_machine(const char *line)
{
	static const char *const all[] = {"VmallocTotal:", "HugePages_", "Hugepagesize:", "Hugetlb:",
					  "DirectMap"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (begins(line, all[i]) > 0)
			return 1;
	return 0;
}

/* What nobody counts per group is 0. */
static uint64_t value_of(const char *line, size_t length, const struct line *lines)
{
	for (int i = 0; i < LINES; i++)
		if (begins(line, lines[i].name) == length)
			return lines[i].value;
	return 0;
}

static void put_line(struct text *text, const char *line, const struct line *lines)
{
	size_t length = 0;

	while (line[length] != ':' && line[length] != '\n' && line[length] != '\0')
		length++;
	put_bytes(text, line, length);
	put(text, ":");
	put_padded(text, value_of(line, length, lines) / 1024,
		   length < LINE_NAME - 1 ? (unsigned int)(LINE_NAME - 1 - length) : 1);
	put(text, " kB\n");
}

void render_meminfo(const struct guest *guest, struct text *text)
{
	struct memory memory = {0};
	struct line lines[LINES];
	char meminfo[MEMINFO_SIZE];
	size_t size = read_piece(host.meminfo, meminfo, sizeof(meminfo));

	if (!find_memory(guest, meminfo, &memory)) {
		put_bytes(text, meminfo, size);
		return;
	}
	make_lines(&memory, meminfo, lines);
	for (const char *line = meminfo; *line != '\0'; line = next_line(line)) {
		if (is_of_machine(line))
			put_bytes(text, line, (size_t)(next_line(line) - line));
		else
			put_line(text, line, lines);
	}
}

void render_swaps(const struct guest *guest, struct text *text)
{
	struct memory memory = {0};
	char meminfo[MEMINFO_SIZE];

	put(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	if (read_piece(host.meminfo, meminfo, sizeof(meminfo)) == 0)
		return;
	if (!find_memory(guest, meminfo, &memory)) {
		memory.swap_total = host_value(meminfo, "SwapTotal");
		memory.swap_used = less(memory.swap_total, host_value(meminfo, "SwapFree"));
	}
	if (memory.swap_total == 0)
		return;
	put(text, "none                                    virtual\t\t");
	put_number(text, memory.swap_total / 1024);
	put(text, "\t\t");
	put_number(text, memory.swap_used / 1024);
	put(text, "\t\t-2\n");
}

int find_totals(const struct guest *guest, struct totals *totals)
{
	struct memory memory = {0};
	char meminfo[MEMINFO_SIZE];

	if (read_piece(host.meminfo, meminfo, sizeof(meminfo)) == 0 ||
	    !find_memory(guest, meminfo, &memory))
		return 0;
	*totals = (struct totals){
		.memory = memory.total,
		.memory_free = least(less(memory.total, memory.used), host_value(meminfo, "MemFree")),
		.shared = memory.counters[SHMEM],
		.swap = memory.swap_total,
		.swap_free = memory.swap_total - memory.swap_used,
	};
	return 1;
}
