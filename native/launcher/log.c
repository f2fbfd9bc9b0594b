/* The log: records that are written whole or not at all, in two files of bounded size. */
#include "launcher.h"

static int log_file = -1; /* opened by the first output: many programs print nothing */
static int log_directory = -1;
static uint64_t log_limit;
static uint64_t log_size;

struct record {
	uint8_t stream;
	uint8_t zero;
	uint16_t zeros;
	uint32_t length;
	uint64_t nanoseconds;
};

void log_keep(int directory, uint64_t limit)
{
	log_directory = directory;
	log_limit = limit;
}

static void open_log(void)
{
	long next = syscall4(__NR_openat, log_directory, "log",
			     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	long end;

	if (next < 0)
		return;
	close_fd(log_file);
	log_file = (int)next;
	end = syscall3(__NR_lseek, log_file, 0, 2 /* SEEK_END */);
	log_size = end > 0 ? (uint64_t)end : 0;
}

static void rotate(void)
{
	syscall4(__NR_renameat, log_directory, "log", log_directory, "log.1");
	open_log();
}

void log_write(int stream, const void *bytes, size_t size)
{
	struct record record = {.stream = (uint8_t)stream, .length = (uint32_t)size};
	long time[2] = {0, 0};
	union {
		const void *in;
		void *out;
	} payload = {bytes};
	struct iovec parts[2] = {{&record, sizeof(record)}, {payload.out, size}};
	long written;

	if (log_file < 0 && log_directory >= 0)
		open_log();
	if (log_file < 0)
		return;
	if (log_limit > 0 && log_size > 0 && log_size + sizeof(record) + size > log_limit)
		rotate();
	syscall2(__NR_clock_gettime, 0, time);
	record.nanoseconds = (uint64_t)time[0] * 1000000000u + (uint64_t)time[1];
	written = syscall3(__NR_writev, log_file, parts, 2);
	if (written == (long)(sizeof(record) + size))
		log_size += (uint64_t)written;
	else if (written > 0) /* a full disk: no torn record stays behind */
		syscall2(__NR_ftruncate, log_file, log_size);
}
