/* The small files, and which function writes which file. */
#include "view.h"

enum { FRACTION = 11, DISKS_SIZE = 1 << 16, IO_SIZE = 1 << 15, SECTOR = 512 };

static const char *const file_names[FILES] = {
	"",	 "cpuinfo",   "meminfo", "stat",     "uptime",  "loadavg",
	"swaps", "diskstats", "online",	 "possible", "present",
};

const char *file_name(enum file file)
{
	return file_names[file];
}

static void render_uptime(const struct guest *guest, struct text *text)
{
	struct processors processors;
	uint64_t alive = (boot_time() - guest->started) / 10000000;
	uint64_t used = usage_of(guest).total / 10000;
	uint64_t all;

	find_processors(guest, &processors);
	all = alive * processors.count;
	put_hundredths(text, alive);
	put(text, " ");
	put_hundredths(text, all > used ? all - used : 0);
	put(text, "\n");
}

static void render_loadavg(const struct guest *guest, struct text *text)
{
	for (int i = 0; i < 3; i++) {
		uint64_t rounded = guest->load[i] + (1u << FRACTION) / 200;

		put_hundredths(text, rounded * 100 >> FRACTION);
		put(text, " ");
	}
	put_number(text, guest->running > 0 ? guest->running : 1);
	put(text, "/");
	put_number(text, read_number(guest->sources[SOURCE_TASKS], 1));
	put(text, " 0\n");
}

static void render_list(const struct guest *guest, struct text *text)
{
	struct processors processors;

	find_processors(guest, &processors);
	put(text, "0");
	if (processors.count > 1) {
		put(text, "-");
		put_number(text, processors.count - 1);
	}
	put(text, "\n");
}

struct disk {
	uint64_t reads;
	uint64_t bytes_read;
	uint64_t writes;
	uint64_t bytes_written;
};

/* The numbers of "rbytes=1 wbytes=2 rios=3 wios=4 ...". */
static void take_words(const char *at, struct disk *disk)
{
	while (*at != '\n' && *at != '\0') {
		uint64_t *to = begins(at, "rbytes=")   ? &disk->bytes_read
			       : begins(at, "wbytes=") ? &disk->bytes_written
			       : begins(at, "rios=")   ? &disk->reads
			       : begins(at, "wios=")   ? &disk->writes
							: NULL;

		while (*at != '=' && *at != '\n' && *at != '\0')
			at++;
		if (*at == '=')
			at++;
		if (to != NULL)
			*to = take_number(&at);
		while (*at != ' ' && *at != '\n' && *at != '\0')
			at++;
		while (*at == ' ')
			at++;
	}
}

/* "8:0 Read 4096" */
static void take_v1(const char *stat, const char *device, size_t length, uint64_t *read,
		    uint64_t *written)
{
	for (const char *line = stat; *line != '\0'; line = next_line(line)) {
		const char *at = line + length;

		if (!same(line, device, length) || *at != ' ')
			continue;
		at++;
		if (begins(at, "Read ")) {
			at += 5;
			*read = take_number(&at);
		} else if (begins(at, "Write ")) {
			at += 6;
			*written = take_number(&at);
		}
	}
}

static void put_disk(struct text *text, const struct disk *disk)
{
	put(text, " ");
	put_number(text, disk->reads);
	put(text, " 0 ");
	put_number(text, disk->bytes_read / SECTOR);
	put(text, " 0 ");
	put_number(text, disk->writes);
	put(text, " 0 ");
	put_number(text, disk->bytes_written / SECTOR);
	put(text, " 0 0 0 0 0 0 0 0 0 0\n");
}

static char bytes[IO_SIZE];
static char counts[IO_SIZE];

static int find_disk(const struct guest *guest, const char *device, size_t length,
		     struct disk *disk)
{
	if (guest->flags & GUEST_IO_V1) {
		take_v1(bytes, device, length, &disk->bytes_read, &disk->bytes_written);
		take_v1(counts, device, length, &disk->reads, &disk->writes);
		return disk->reads + disk->writes > 0;
	}
	for (const char *line = bytes; *line != '\0'; line = next_line(line)) {
		if (same(line, device, length) && line[length] == ' ') {
			take_words(line + length + 1, disk);
			return 1;
		}
	}
	return 0;
}

/* The host's lines of those devices that the guest has used. */
static void render_diskstats(const struct guest *guest, struct text *text)
{
	static char disks[DISKS_SIZE];

	if (read_source(guest->sources[SOURCE_IO_BYTES], bytes, sizeof(bytes)) == 0 ||
	    read_source(host.diskstats, disks, sizeof(disks)) == 0)
		return;
	counts[0] = '\0';
	read_source(guest->sources[SOURCE_IO_COUNT], counts, sizeof(counts));
	for (const char *line = disks; *line != '\0'; line = next_line(line)) {
		struct disk disk = {0};
		const char *at = line;
		char device[48];
		struct text name = {device, device, device + sizeof(device)};
		uint64_t major;

		while (*at == ' ')
			at++;
		major = take_number(&at);
		while (*at == ' ')
			at++;
		put_number(&name, major);
		put(&name, ":");
		put_number(&name, take_number(&at));
		if (*at++ != ' ' ||
		    !find_disk(guest, device, (size_t)(name.at - device), &disk))
			continue;
		while (*at != ' ' && *at != '\n' && *at != '\0')
			at++;
		put_bytes(text, line, (size_t)(at - line));
		put_disk(text, &disk);
	}
}

void render(const struct guest *guest, enum file file, struct text *text)
{
	switch (file) {
	case FILE_CPUINFO:
		render_cpuinfo(guest, text);
		break;
	case FILE_MEMINFO:
		render_meminfo(guest, text);
		break;
	case FILE_STAT:
		render_stat(guest, text);
		break;
	case FILE_UPTIME:
		render_uptime(guest, text);
		break;
	case FILE_LOADAVG:
		render_loadavg(guest, text);
		break;
	case FILE_SWAPS:
		render_swaps(guest, text);
		break;
	case FILE_DISKSTATS:
		render_diskstats(guest, text);
		break;
	case FILE_ONLINE:
	case FILE_POSSIBLE:
	case FILE_PRESENT:
		render_list(guest, text);
		break;
	case FILE_DIRECTORY:
	case FILES:
		break;
	}
}
