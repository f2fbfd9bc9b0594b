/* What is kept of a program's output. */
#define _GNU_SOURCE
#include "program.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MUCH = 4 << 20, BLOCK = 256 << 10, HEAD = 32, LINES = 2 };

static char got[MUCH + 1];

struct record {
	uint8_t stream, zero[3];
	uint32_t length;
	uint64_t time;
};

struct options {
	uint32_t magic, version, format, files;
	uint64_t limit;
	char name[88];
	uint32_t extra_size, reserved;
	char extra[64];
};

static void wanted(uint32_t format, uint32_t files, uint64_t limit, const char *extra)
{
	struct options options = {0x474f4c4b, 1, format, files, limit, "kept", 0, 0, ""};
	FILE *file = fopen(path_of("log.options"), "w");

	options.extra_size = (uint32_t)strlen(extra);
	memcpy(options.extra, extra, options.extra_size);
	CHECK(fwrite(&options, 120 + options.extra_size, 1, file) == 1);
	fclose(file);
}

static size_t read_file(const char *name, char *to)
{
	FILE *file = fopen(path_of(name), "r");
	size_t size;

	CHECK(file != NULL);
	size = fread(to, 1, MUCH, file);
	fclose(file);
	to[size] = 0;
	return size;
}

/* Appends what a file of the log says of a stream. */
static size_t read_log(const char *name, uint8_t stream, char *to)
{
	static char all[MUCH + 1];
	size_t size = read_file(name, all);
	size_t have = 0;

	CHECK(memcmp(all, "KLOG", 4) == 0);
	for (size_t at = HEAD; at + sizeof(struct record) <= size;) {
		struct record record;

		memcpy(&record, all + at, sizeof(record));
		if (record.stream == 0) {
			at += BLOCK - at % BLOCK;
			continue;
		}
		CHECK(record.time > 1600000000000000000u);
		CHECK(at / BLOCK == (at + sizeof(record) + record.length - 1) / BLOCK);
		at += sizeof(record);
		if (record.stream == stream) {
			memcpy(to + have, all + at, record.length);
			have += record.length;
		}
		at += record.length;
	}
	to[have] = 0;
	return have;
}

static void the_log_has_both_streams(void)
{
	struct program program = {0};

	start_shell(&program, "echo one; echo two >&2; sleep 0.1; echo three");
	CHECK(exit_of(&program) == 0);
	read_log("log", 1, got);
	CHECK(strcmp(got, "one\nthree\n") == 0);
	read_log("log", 2, got);
	CHECK(strcmp(got, "two\n") == 0);
}

static void the_log_is_rotated_at_its_limit(void)
{
	struct program program = {.log_limit = 40000};
	struct stat log, old;

	start_shell(&program, "head -c 200000 /dev/zero | tr '\\0' z; echo last");
	CHECK(exit_of(&program) == 0);
	CHECK(stat(path_of("log"), &log) == 0 && log.st_size <= 40000);
	for (int age = 1; age < 5; age++) {
		char name[] = "log.0";

		name[4] = (char)('0' + age);
		CHECK(stat(path_of(name), &old) == 0 && old.st_size <= 40000 && old.st_size > 1000);
	}
	CHECK(stat(path_of("log.5"), &old) != 0);
	read_log("log", 1, got);
	CHECK(strcmp(got + strspn(got, "z"), "last\n") == 0);
}

static void make_file(const char *name)
{
	FILE *file = fopen(path_of(name), "w");

	fputs("packed", file);
	fclose(file);
}

static void packed_files_grow_old_with_the_others(void)
{
	struct program program = {.log_limit = 4000};

	make_file("log.1.gz");
	make_file("log.4.gz");
	start_shell(&program, "head -c 6000 /dev/zero | tr '\\0' z");
	CHECK(exit_of(&program) == 0);
	CHECK(access(path_of("log.1"), F_OK) == 0);
	CHECK(access(path_of("log.1.gz"), F_OK) != 0 && access(path_of("log.4.gz"), F_OK) != 0);
	CHECK(read_file("log.2.gz", got) == 6);
}

static void nothing_is_rotated_while_names_are_held(void)
{
	struct program program = {.log_limit = 4000};
	char place[256];
	int held;

	snprintf(place, sizeof(place), "%s", path_of("log"));
	*strrchr(place, '/') = 0;
	held = open(place, O_RDONLY | O_DIRECTORY);
	CHECK(flock(held, LOCK_EX) == 0);
	start_shell(&program, "head -c 6000 /dev/zero | tr '\\0' z");
	CHECK(exit_of(&program) == 0);
	close(held);
	CHECK(access(path_of("log.1"), F_OK) != 0);
	CHECK(read_log("log", 1, got) == 6000);
}

static void no_record_crosses_a_block(void)
{
	struct program program = {0};

	start_shell(&program, "head -c 3000000 /dev/zero | tr '\\0' z; echo last");
	CHECK(exit_of(&program) == 0);
	CHECK(read_log("log", 1, got) == 3000005);
	CHECK(strcmp(got + 3000000, "last\n") == 0);
}

static void a_torn_record_is_cut_off(void)
{
	struct program first = {0};
	struct program second = {0};
	int fd;

	start_shell(&first, "echo one");
	CHECK(exit_of(&first) == 0);
	fd = open(path_of("log"), O_WRONLY | O_APPEND);
	CHECK(write(fd, "\1\0\0\0\377\0\0\0torn", 12) == 12);
	close(fd);
	unlink(path_of("control"));
	start_shell(&second, "echo two");
	CHECK(exit_of(&second) == 0);
	read_log("log", 1, got);
	CHECK(strcmp(got, "one\ntwo\n") == 0);
}

/* Without the time, which is the last of each line. */
static void without_time(char *text)
{
	char *to = text;

	for (char *at = text; *at != 0;) {
		char *time = strstr(at, "\"time\":\"2");
		char *next = time == NULL ? NULL : strchr(time, '\n');

		if (next == NULL)
			break;
		memmove(to, at, (size_t)(time - at));
		to += time - at;
		*to++ = '\n';
		at = next + 1;
	}
	*to = 0;
}

static void lines_are_json_as_docker_writes_it(void)
{
	struct program program = {0};

	wanted(LINES, 2, 0, "\"attrs\":{\"a\":\"b\"},");
	start_shell(&program, "echo one; printf '<a>&\"\\\\\\t\\1\\377\\303\\251\\342\\200\\250\\n';"
			      " sleep 0.1; echo two >&2; sleep 0.1; printf part; sleep 0.1; printf"
			      " 'ial\\nlast'");
	CHECK(exit_of(&program) == 0);
	read_file("kept", got);
	without_time(got);
	CHECK(strcmp(got, "{\"log\":\"one\\n\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"},\n"
			  "{\"log\":\"\\u003ca\\u003e\\u0026\\\"\\\\\\u0009\\u0001\\ufffd\303\251"
			  "\\u2028\\n\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"},\n"
			  "{\"log\":\"two\\n\",\"stream\":\"stderr\",\"attrs\":{\"a\":\"b\"},\n"
			  "{\"log\":\"partial\\n\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"},\n"
			  "{\"log\":\"last\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"},\n") == 0);
}

static void long_lines_are_pieces_of_16_kib(void)
{
	struct program program = {0};
	int count = 0;

	wanted(LINES, 1, 0, "");
	start_shell(&program, "head -c 40000 /dev/zero | tr '\\0' '<'; echo");
	CHECK(exit_of(&program) == 0);
	CHECK(read_file("kept", got) > 6 * 40000);
	for (char *at = got; (at = strstr(at, "\\u003c")) != NULL; at++)
		count++;
	CHECK(count == 40000);
	count = 0;
	for (char *at = got; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	CHECK(count == 3);
}

static void files_of_lines_are_bounded(void)
{
	struct program program = {0};
	struct stat file;

	wanted(LINES, 3, 2000, "");
	start_shell(&program, "i=0; while [ $i -lt 200 ]; do echo line-$i; i=$((i+1)); done");
	CHECK(exit_of(&program) == 0);
	CHECK(stat(path_of("kept"), &file) == 0 && file.st_size <= 2000);
	CHECK(stat(path_of("kept.2"), &file) == 0 && file.st_size <= 2000 && file.st_size > 1500);
	CHECK(stat(path_of("kept.3"), &file) != 0);
	read_file("kept", got);
	CHECK(strstr(got, "line-199\\n") != NULL);
}

static void nothing_is_kept_where_that_is_wanted(void)
{
	struct program program = {0};
	struct stat file;

	wanted(0, 1, 0, "");
	start_shell(&program, "echo secret");
	CHECK(exit_of(&program) == 0);
	CHECK(stat(path_of("kept"), &file) != 0 && stat(path_of("log"), &file) != 0);
}

static void await_file(const char *name)
{
	struct stat file;

	for (int i = 0; stat(path_of(name), &file) != 0; i++) {
		CHECK(i < 400);
		usleep(50000);
	}
}

static void a_full_disk_loses_output_and_says_so(void)
{
	struct program program = {0};
	char script[512];
	uint64_t part, lost = 0;
	size_t kept;

	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("small", path_of(""), "tmpfs", 0, "size=1m") == 0);
	snprintf(script, sizeof(script),
		 "head -c 3000000 /dev/zero | tr '\\0' y; echo; sleep 0.3; cd %s; : >full;"
		 " while [ ! -e go ]; do sleep 0.05; done; echo after",
		 path_of(""));
	start_shell(&program, script);
	await_file("full");
	CHECK(mount("small", path_of(""), "tmpfs", MS_REMOUNT, "size=16m") == 0);
	close(open(path_of("go"), O_CREAT | O_WRONLY, 0600));
	CHECK(exit_of(&program) == 0);
	kept = read_log("log", 3, got);
	CHECK(kept >= 8 && kept % 8 == 0);
	for (size_t at = 0; at < kept; at += 8) {
		memcpy(&part, got + at, sizeof(part));
		lost += part;
	}
	kept = read_log("log", 1, got);
	CHECK(kept + lost == 3000000 + sizeof("\nafter"));
	CHECK(strcmp(got + kept - 6, "after\n") == 0);
}

#define TEST(name) \
	{ \
#name, name, true \
	}

const struct test LOG_TESTS[] = {
	TEST(the_log_has_both_streams),
	TEST(the_log_is_rotated_at_its_limit),
	TEST(packed_files_grow_old_with_the_others),
	TEST(nothing_is_rotated_while_names_are_held),
	TEST(no_record_crosses_a_block),
	TEST(a_torn_record_is_cut_off),
	TEST(lines_are_json_as_docker_writes_it),
	TEST(long_lines_are_pieces_of_16_kib),
	TEST(files_of_lines_are_bounded),
	TEST(nothing_is_kept_where_that_is_wanted),
	TEST(a_full_disk_loses_output_and_says_so),
	{NULL, NULL, false},
};
