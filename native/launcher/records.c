/*
 * Output as it was read, in records. None of them crosses the border of a block, so a reader can
 * begin at any block and finds a time there: that is the index. What is left of a block is a hole.
 */
#include "log.h"

enum { BLOCK = 256 << 10, STREAM_LOST = 3 };

struct head {
	uint32_t magic;
	uint32_t version;
	uint64_t spare[3];
};

struct record {
	uint8_t stream; /* 0: nothing more in this block */
	uint8_t zero;
	uint16_t zeros;
	uint32_t length;
	uint64_t nanoseconds;
};

_Static_assert(sizeof(struct head) == 32 && sizeof(struct record) == 16, "records");

/* What was written before a crash may end in the middle: no torn record stays behind. */
static void cut_torn(void)
{
	struct record record;
	uint64_t at = log.size / BLOCK * BLOCK;

	if (at == 0)
		at = sizeof(struct head);
	while (at < log.size) {
		long n = syscall4(__NR_pread64, log.file, &record, sizeof(record), at);

		if (n < (long)sizeof(record) || record.stream == 0 ||
		    at + sizeof(record) + record.length > log.size)
			break;
		at += sizeof(record) + record.length;
	}
	if (at < log.size)
		syscall2(__NR_ftruncate, log.file, at);
	log.size = at;
}

void records_begin(void)
{
	struct head head = {.magic = LOG_MAGIC, .version = LOG_VERSION};

	if (log.size >= sizeof(head)) {
		cut_torn();
		return;
	}
	if (syscall4(__NR_pwrite64, log.file, &head, sizeof(head), 0) == sizeof(head)) {
		log.size = sizeof(head);
		return;
	}
	close_fd(log.file);
	log.file = -1;
	log.size = 0;
}

/* 0: it is written as a whole; -1: nothing of it is. */
static int put(uint8_t stream, const void *bytes, size_t size)
{
	struct record record = {.stream = stream, .length = (uint32_t)size};
	union {
		const void *in;
		void *out;
	} payload = {bytes};
	struct iovec parts[2] = {{&record, sizeof(record)}, {payload.out, size}};
	uint64_t whole = sizeof(record) + size;
	uint64_t at = log.size;
	long written;

	if (at % BLOCK + whole > BLOCK)
		at += BLOCK - at % BLOCK;
	record.nanoseconds = log_now();
	written = syscall5(__NR_pwritev, log.file, parts, 2, at, 0);
	if (written == (long)whole) {
		log.size = at + whole;
		return 0;
	}
	if (written > 0)
		syscall2(__NR_ftruncate, log.file, log.size);
	return -1;
}

/* At most as much at once as fits into a file. */
static size_t piece(size_t size)
{
	uint64_t limit = log.options.limit;
	uint64_t room = limit > 2 * sizeof(struct head)
				? limit - sizeof(struct head) - sizeof(struct record)
				: limit;

	return limit > 0 && size > room ? (size_t)room : size;
}

/* What a record takes: itself, and the hole before it where a block ends. */
static uint64_t taken(size_t size)
{
	uint64_t whole = sizeof(struct record) + size;
	uint64_t used = log.size % BLOCK;

	return used + whole > BLOCK ? BLOCK - used + whole : whole;
}

static void write_piece(int stream, const uint8_t *bytes, size_t size)
{
	if (log_room(taken(size)) < 0) {
		log.lost += size;
		return;
	}
	if (log.lost > 0 && put(STREAM_LOST, &log.lost, sizeof(log.lost)) == 0)
		log.lost = 0;
	if (log.lost > 0 || put((uint8_t)stream, bytes, size) < 0)
		log.lost += size;
}

void records_write(int stream, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		size_t now = piece(size);

		write_piece(stream, bytes, now);
		bytes += now;
		size -= now;
	}
}
