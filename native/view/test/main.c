/* What the view computes, from files as the kernel writes them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../view.h"

struct state *state;
struct host host;

static int failures;

uint64_t boot_time(void)
{
	return 110000000000; /* 110 s */
}

uint64_t real_time(void)
{
	return 1000000;
}

size_t read_source(int fd, char *buffer, size_t size)
{
	ssize_t length = fd < 0 ? 0 : pread(fd, buffer, size - 1, 0);

	buffer[length < 0 ? 0 : length] = '\0';
	return length < 0 ? 0 : (size_t)length;
}

size_t read_piece(int fd, char *buffer, size_t size)
{
	return read_source(fd, buffer, size);
}

uint64_t read_number(int fd, uint64_t otherwise)
{
	char text[32];
	const char *at = text;

	if (read_source(fd, text, sizeof(text)) == 0 || text[0] < '0' || text[0] > '9')
		return otherwise;
	return take_number(&at);
}

static int file(const char *text)
{
	char name[] = "/tmp/kapsel-view-test-XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		exit(2);
	return fd;
}

static struct guest nobody(void)
{
	struct guest guest = {.started = 10000000000};

	for (int i = 0; i < SOURCES; i++)
		guest.sources[i] = -1;
	return guest;
}

static const char *rendered(const struct guest *guest, enum file which)
{
	static char buffer[65536];
	struct text text = {buffer, buffer, buffer + sizeof(buffer) - 1};

	render(guest, which, &text);
	*text.at = '\0';
	return buffer;
}

static void expect(const char *what, const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		return;
	failures++;
	fprintf(stderr, "%s: no '%s' in:\n%s\n", what, part, text);
}

static void expect_not(const char *what, const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		return;
	failures++;
	fprintf(stderr, "%s: '%s' in:\n%s\n", what, part, text);
}

static void open_machine(void)
{
	host.meminfo = file("MemTotal:        8000000 kB\nMemFree:         7000000 kB\n"
			    "MemAvailable:    7500000 kB\nBuffers:             123 kB\n"
			    "Cached:            55555 kB\nSwapCached:            7 kB\n"
			    "Active:            99999 kB\nSwapTotal:       2000000 kB\n"
			    "SwapFree:        1900000 kB\nHugePages_Total:       3\n"
			    "DirectMap4k:       77777 kB\n");
	host.cpuinfo = file("processor\t: 0\nmodel name\t: A\n\nprocessor\t: 1\nmodel name\t: B\n\n"
			    "processor\t: 2\nmodel name\t: C\n\nprocessor\t: 3\nmodel name\t: D\n\n");
	host.online = file("0-3\n");
	host.diskstats = file("   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
			      "   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");
}

static void memory_is_that_of_the_group(void)
{
	struct guest guest = nobody();
	const char *text;

	guest.sources[SOURCE_MEMORY] = file("104857600\n");
	guest.sources[SOURCE_MEMORY_MOST] = file("209715200\n");
	guest.sources[SOURCE_MEMORY_STAT] =
		file("anon 52428800\nfile 41943040\nactive_file 10485760\n"
		     "inactive_file 20971520\nslab_reclaimable 1048576\n");
	guest.sources[SOURCE_SWAP] = file("1048576\n");
	guest.sources[SOURCE_SWAP_MOST] = file("max\n");
	text = rendered(&guest, FILE_MEMINFO);
	expect("memory", text, "MemTotal:         204800 kB\n");
	expect("memory", text, "MemFree:          102400 kB\n");
	expect("memory", text, "MemAvailable:     134144 kB\n");
	expect("memory", text, "Buffers:               0 kB\n");
	expect("memory", text, "Cached:            40960 kB\n");
	expect("memory", text, "SwapTotal:       2000000 kB\n");
	expect("memory", text, "SwapFree:        1998976 kB\n");
	expect("memory", text, "HugePages_Total:       3\nDirectMap4k:       77777 kB\n");
	expect("swaps", rendered(&guest, FILE_SWAPS), "virtual\t\t2000000\t\t1024\t\t-2\n");
}

static void version_1_counts_memory_and_swap_together(void)
{
	struct guest guest = nobody();
	const char *text;

	guest.flags = GUEST_MEMORY_V1;
	guest.sources[SOURCE_MEMORY] = file("1048576\n");
	guest.sources[SOURCE_MEMORY_MOST] = file("104857600\n");
	guest.sources[SOURCE_MEMORY_STAT] = file("cache 1\nrss 1\ntotal_cache 524288\n");
	guest.sources[SOURCE_SWAP] = file("3145728\n");
	guest.sources[SOURCE_SWAP_MOST] = file("157286400\n");
	text = rendered(&guest, FILE_MEMINFO);
	expect("version 1", text, "MemTotal:         102400 kB\n");
	expect("version 1", text, "Cached:              512 kB\n");
	expect("version 1", text, "SwapTotal:         51200 kB\n");
	expect("version 1", text, "SwapFree:          49152 kB\n");
	guest.sources[SOURCE_MEMORY_MOST] = file("9223372036854771712\n");
	guest.sources[SOURCE_SWAP_MOST] = file("9223372036854771712\n");
	text = rendered(&guest, FILE_MEMINFO);
	expect("no limit", text, "MemTotal:        8000000 kB\n");
	expect("no limit", text, "SwapTotal:       2000000 kB\n");
}

static void whoever_is_not_counted_sees_the_machine(void)
{
	struct guest guest = nobody();

	expect("nobody", rendered(&guest, FILE_MEMINFO), "Buffers:             123 kB\n");
	expect("nobody", rendered(&guest, FILE_ONLINE), "0-3\n");
}

static void processors_are_those_of_set_and_quota(void)
{
	struct guest guest = nobody();
	const char *text;

	guest.sources[SOURCE_PROCESSORS] = file("1,3\n");
	text = rendered(&guest, FILE_CPUINFO);
	expect("set", text, "processor\t: 0\nmodel name\t: B\n\nprocessor\t: 1\nmodel name\t: D\n");
	expect_not("set", text, "processor\t: 2");
	expect("set", rendered(&guest, FILE_POSSIBLE), "0-1\n");
	guest.sources[SOURCE_QUOTA] = file("50000 100000\n");
	text = rendered(&guest, FILE_CPUINFO);
	expect("quota", text, "model name\t: B");
	expect_not("quota", text, "model name\t: D");
	expect("quota", rendered(&guest, FILE_PRESENT), "0\n");
	guest.sources[SOURCE_QUOTA] = file("-1\n");
	guest.sources[SOURCE_PERIOD] = file("100000\n");
	expect("no quota", rendered(&guest, FILE_ONLINE), "0-1\n");
	guest.sources[SOURCE_QUOTA] = file("150000\n");
	guest.sources[SOURCE_PROCESSORS] = file("0-2\n");
	expect("a part counts whole", rendered(&guest, FILE_ONLINE), "0-1\n");
}

static void times_add_up(void)
{
	struct guest guest = nobody();
	const char *text;

	guest.sources[SOURCE_PROCESSORS] = file("0-1\n");
	guest.sources[SOURCE_CPU] =
		file("usage_usec 30000000\nuser_usec 20010000\nsystem_usec 9990000\n");
	guest.running = 2;
	text = rendered(&guest, FILE_STAT);
	expect("stat", text, "cpu  2001 0 999 17000 0 0 0 0 0 0\n");
	expect("stat", text, "cpu0 1001 0 500 8500 0 0 0 0 0 0\n");
	expect("stat", text, "cpu1 1000 0 499 8500 0 0 0 0 0 0\n");
	expect("stat", text, "\nbtime 999900\n");
	expect("stat", text, "\nprocs_running 2\n");
	expect("uptime", rendered(&guest, FILE_UPTIME), "100.00 170.00\n");
}

static void loads_have_two_digits(void)
{
	struct guest guest = nobody();

	guest.load[0] = 2048 + 1024;
	guest.load[1] = 102;
	guest.sources[SOURCE_TASKS] = file("17\n");
	expect("load", rendered(&guest, FILE_LOADAVG), "1.50 0.05 0.00 1/17 0\n");
}

static void disks_are_those_that_were_used(void)
{
	struct guest guest = nobody();
	const char *text;

	guest.sources[SOURCE_IO_BYTES] =
		file("8:0 rbytes=4096 wbytes=8192 rios=3 wios=4 dbytes=0 dios=0\n");
	text = rendered(&guest, FILE_DISKSTATS);
	expect("io.stat", text, "   8       0 sda 3 0 8 0 4 0 16 0 0 0 ");
	expect_not("io.stat", text, "sda1");
	guest.flags = GUEST_IO_V1;
	guest.sources[SOURCE_IO_BYTES] = file("8:1 Read 512\n8:1 Write 1024\n8:1 Total 1536\n");
	guest.sources[SOURCE_IO_COUNT] = file("8:1 Read 1\n8:1 Write 2\n");
	text = rendered(&guest, FILE_DISKSTATS);
	expect("blkio", text, "   8       1 sda1 1 0 1 0 2 0 2 0 0 0 ");
	expect_not("blkio", text, "sda 1");
}

static void text_ends_where_the_room_does(void)
{
	char room[4] = "xxxx";
	struct text text = {room, room, room + 3};
	const char *huge = "99999999999999999999999";

	put(&text, "abc");
	put_number(&text, 12);
	if (text.at != text.end || room[3] != 'x' || take_number(&huge) != UINT64_MAX) {
		failures++;
		fprintf(stderr, "text: beyond its end\n");
	}
}

int main(void)
{
	open_machine();
	memory_is_that_of_the_group();
	version_1_counts_memory_and_swap_together();
	whoever_is_not_counted_sees_the_machine();
	processors_are_those_of_set_and_quota();
	times_add_up();
	loads_have_two_digits();
	disks_are_those_that_were_used();
	text_ends_where_the_room_does();
	if (failures == 0)
		printf("view: all tests passed\n");
	return failures != 0;
}
