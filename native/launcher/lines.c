/*
 * A line of JSON for each line of output. Lines that are longer than a piece, and those that the
 * end cuts off, go without their newline, as readers of this format expect.
 */
#include "log.h"

enum { PIECE = 16384, OUT = 128 << 10, TIME = 31, STREAMS = 2 };

static struct {
	uint32_t size;
	uint8_t bytes[PIECE];
} begun[STREAMS]; /* lines whose end has not come yet */

static uint8_t out[OUT];
static size_t out_size;
static uint64_t out_bytes; /* of output that `out` stands for */
static uint64_t stamped;   /* the time that `stamp` says */
static char stamp[TIME + 1];

/* A line that a crash has cut off ends here. */
void lines_begin(void)
{
	char last = '\n';

	if (log.size == 0)
		return;
	syscall4(__NR_pread64, log.file, &last, 1, log.size - 1);
	if (last != '\n' && syscall4(__NR_pwrite64, log.file, "\n", 1, log.size) == 1)
		log.size++;
}

static void flush(void)
{
	long written;

	if (out_size == 0)
		return;
	written = log_room(out_size) < 0
			  ? -1
			  : syscall4(__NR_pwrite64, log.file, out, out_size, log.size);
	if (written == (long)out_size) {
		log.size += out_size;
	} else {
		if (written > 0)
			syscall2(__NR_ftruncate, log.file, log.size);
		log.lost += out_bytes;
	}
	out_size = 0;
	out_bytes = 0;
}

static void text(const char *words)
{
	while (*words != 0)
		out[out_size++] = (uint8_t)*words++;
}

static void digits(char *to, uint64_t value, int count)
{
	while (count-- > 0) {
		to[count] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* Year, month and day of a day since 1970, by the calendar that begins in March. */
static void date(char *to, uint64_t days)
{
	uint64_t shifted = days + 719468;
	uint64_t era = shifted / 146097;
	uint64_t of_era = shifted % 146097;
	uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t part = (5 * of_year + 2) / 153;
	uint64_t month = part < 10 ? part + 3 : part - 9;

	digits(to, year + era * 400 + (month <= 2), 4);
	digits(to + 5, month, 2);
	digits(to + 8, of_year - (153 * part + 2) / 5 + 1, 2);
}

/* As RFC 3339 has it, without zeros at the end. */
static void set_stamp(uint64_t nanoseconds)
{
	uint64_t seconds = nanoseconds / 1000000000u;
	int end = 29;

	if (nanoseconds == stamped)
		return;
	stamped = nanoseconds;
	memcpy(stamp, "0000-00-00T00:00:00.000000000Z", TIME);
	date(stamp, seconds / 86400);
	digits(stamp + 11, seconds / 3600 % 24, 2);
	digits(stamp + 14, seconds / 60 % 60, 2);
	digits(stamp + 17, seconds % 60, 2);
	digits(stamp + 20, nanoseconds % 1000000000u, 9);
	while (stamp[end - 1] == '0')
		end--;
	if (stamp[end - 1] == '.')
		end--;
	stamp[end] = 'Z';
	stamp[end + 1] = 0;
}

/* How many bytes make one valid character of UTF-8; 0: they are none. */
static size_t character(const uint8_t *bytes, size_t size)
{
	uint8_t first = bytes[0];
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4 || length > size)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && bytes[1] < 0xa0) || (first == 0xed && bytes[1] > 0x9f) ||
	    (first == 0xf0 && bytes[1] < 0x90) || (first == 0xf4 && bytes[1] > 0x8f))
		return 0;
	return length;
}

static void escape(unsigned int number)
{
	text("\\u");
	for (int shift = 12; shift >= 0; shift -= 4)
		out[out_size++] = (uint8_t)"0123456789abcdef"[number >> shift & 15];
}

/* One byte of ASCII; what could be taken for HTML is escaped, too. */
static void ascii(uint8_t byte)
{
	switch (byte) {
	case '"':
	case '\\':
		out[out_size++] = '\\';
		out[out_size++] = byte;
		break;
	case '\n':
		text("\\n");
		break;
	case '\r':
		text("\\r");
		break;
	default:
		if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&')
			escape(byte);
		else
			out[out_size++] = byte;
	}
}

/* The separators of lines and of paragraphs, which JavaScript takes for ends of lines. */
static int separates(const uint8_t *bytes, size_t length)
{
	return length == 3 && bytes[0] == 0xe2 && bytes[1] == 0x80 && (bytes[2] & 0xfe) == 0xa8;
}

static void quoted(const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t length = character(bytes + at, size - at);

		if (length == 0) {
			escape(0xfffd);
		} else if (length == 1) {
			ascii(bytes[at]);
		} else if (separates(bytes + at, length)) {
			escape(0x2000u + (bytes[at + 2] & 0x3fu));
		} else {
			memcpy(out + out_size, bytes + at, length);
			out_size += length;
		}
		at += length > 0 ? length : 1;
	}
}

static void put(int stream, const uint8_t *bytes, size_t size)
{
	size_t most = 6 * size + log.options.extra_size + 128;

	if (out_size + most > OUT ||
	    (log.options.limit > 0 && log.size + out_size + most > log.options.limit))
		flush();
	text("{\"log\":\"");
	quoted(bytes, size);
	text(stream == 2 ? "\",\"stream\":\"stderr\"," : "\",\"stream\":\"stdout\",");
	memcpy(out + out_size, log.options.extra, log.options.extra_size);
	out_size += log.options.extra_size;
	text("\"time\":\"");
	text(stamp);
	text("\"}\n");
	out_bytes += size;
}

/* Tells how much found no room, once there is some again. */
static void tell_lost(void)
{
	char words[] = "kapsel: 00000000000000000000 bytes of output are lost: no room on disk\n";
	uint64_t lost = log.lost;

	if (lost == 0)
		return;
	digits(words + 8, lost, 20);
	log.lost = 0;
	put(2, (const uint8_t *)words, sizeof(words) - 1);
	out_bytes = lost;
	flush();
}

void lines_write(int stream, const uint8_t *bytes, size_t size)
{
	int which = stream == 2;

	set_stamp(log_now());
	tell_lost();
	for (size_t i = 0; i < size; i++) {
		uint32_t at = begun[which].size;

		begun[which].bytes[at++] = bytes[i];
		begun[which].size = at;
		if (bytes[i] == '\n' || at == PIECE) {
			put(stream, begun[which].bytes, at);
			begun[which].size = 0;
		}
	}
	flush();
}

void lines_end(void)
{
	set_stamp(log_now());
	for (int stream = 1; stream <= STREAMS; stream++)
		if (begun[stream - 1].size > 0)
			put(stream, begun[stream - 1].bytes, begun[stream - 1].size);
	flush();
}
