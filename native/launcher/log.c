/* The log: how it is wanted, and the files that take each other's place when they are full. */
#include "log.h"

struct log log = {.directory = -1, .file = -1};

enum { USUAL_FILES = 5 };

void log_keep(int directory, uint64_t limit)
{
	log.directory = directory;
	log.options.limit = limit;
}

uint64_t log_now(void)
{
	long time[2] = {0, 0};

	syscall2(__NR_clock_gettime, 0, time);
	return (uint64_t)time[0] * 1000000000u + (uint64_t)time[1];
}

static int is_sound(const struct log_options *o, long size)
{
	return size >= LOG_OPTIONS_HEAD && o->magic == LOG_MAGIC && o->version == LOG_VERSION &&
	       o->format <= LOG_LINES && o->files >= 1 && o->name[0] != 0 &&
	       o->name[sizeof(o->name) - 1] == 0 && o->extra_size <= sizeof(o->extra) &&
	       size == LOG_OPTIONS_HEAD + (long)o->extra_size;
}

/* What cannot be understood is nothing that could be guessed: then it is as usual. */
static void read_options(void)
{
	uint64_t limit = log.options.limit;
	long fd = syscall4(__NR_openat, log.directory, "log.options", O_RDONLY | O_CLOEXEC, 0);
	long size = 0;

	if (fd >= 0) {
		size = syscall3(__NR_read, fd, &log.options, sizeof(log.options));
		close_fd((int)fd);
	}
	if (is_sound(&log.options, size))
		return;
	memset(&log.options, 0, LOG_OPTIONS_HEAD);
	memcpy(log.options.name, "log", sizeof("log"));
	log.options.format = LOG_RECORDS;
	log.options.files = USUAL_FILES;
	log.options.limit = limit;
}

static void open_file(void)
{
	long next = syscall4(__NR_openat, log.directory, log.options.name,
			     O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	long end;

	close_fd(log.file);
	log.file = next < 0 ? -1 : (int)next;
	if (next < 0)
		return;
	end = syscall3(__NR_lseek, log.file, 0, 2 /* SEEK_END */);
	log.size = end > 0 ? (uint64_t)end : 0;
	if (log.options.format == LOG_RECORDS)
		records_begin();
	else
		lines_begin();
}

/* The name of a file that was rotated that often, in one of its two forms. */
static void name_file(char *to, uint32_t age, const char *end)
{
	char digits[10];
	int count = 0;
	size_t at = 0;

	for (; log.options.name[at] != 0; at++)
		to[at] = log.options.name[at];
	if (age > 0)
		to[at++] = '.';
	for (; age > 0; age /= 10)
		digits[count++] = (char)('0' + age % 10);
	while (count > 0)
		to[at++] = digits[--count];
	do
		to[at++] = *end;
	while (*end++ != 0);
}

static void make_older(const char *end)
{
	char older[sizeof(log.options.name) + 16];
	char younger[sizeof(older)];

	name_file(older, log.options.files - 1, end);
	syscall3(__NR_unlinkat, log.directory, older, 0);
	for (uint32_t age = log.options.files - 1; age > 0; age--) {
		name_file(older, age, end);
		name_file(younger, age - 1, end);
		syscall4(__NR_renameat, log.directory, younger, log.directory, older);
	}
}

/*
 * Where the engine exchanges a file for a packed one right now, names have to stay: then the next
 * output rotates. The engine is not waited for.
 */
static void rotate(void)
{
	if (syscall2(__NR_flock, log.directory, LOCK_EX | LOCK_NB) == -EAGAIN)
		return;
	make_older("");
	make_older(".gz");
	syscall2(__NR_flock, log.directory, LOCK_UN);
	open_file();
}

int log_room(uint64_t size)
{
	if (log.file < 0)
		open_file();
	if (log.file >= 0 && log.options.limit > 0 && log.size > 0 &&
	    log.size + size > log.options.limit)
		rotate();
	return log.file < 0 ? -1 : 0;
}

void log_write(int stream, const void *bytes, size_t size)
{
	if (log.directory < 0)
		return;
	if (!log.ready)
		read_options();
	log.ready = 1;
	if (log.options.format == LOG_RECORDS)
		records_write(stream, bytes, size);
	else if (log.options.format == LOG_LINES)
		lines_write(stream, bytes, size);
}

void log_end(void)
{
	if (log.ready && log.options.format == LOG_LINES)
		lines_end();
}
