/* The log on disk: how it is wanted, and its two formats. */
#ifndef KAPSEL_LOG_H
#define KAPSEL_LOG_H

#include "launcher.h"

enum log_format { LOG_NONE, LOG_RECORDS, LOG_LINES };

/* What the engine has written to `log.options`, where something else is wanted than usual. */
struct log_options {
	uint32_t magic;
	uint32_t version;
	uint32_t format;
	uint32_t files;       /* how many there may be, at least 1 */
	uint64_t limit;       /* of one file in bytes, 0: none */
	char name[88];        /* of the file that is written to, with its NUL */
	uint32_t extra_size;  /* what each line says besides, in JSON */
	uint32_t reserved;
	char extra[8192];
};

enum { LOG_OPTIONS_HEAD = 120, LOG_MAGIC = 0x474f4c4b /* "KLOG" */, LOG_VERSION = 1 };

_Static_assert(__builtin_offsetof(struct log_options, extra) == LOG_OPTIONS_HEAD, "options");

struct log {
	int directory;
	int file; /* -1: opened by the next output */
	int ready;
	uint64_t size;
	uint64_t lost; /* bytes that found no room since the last that did */
	struct log_options options;
};

extern struct log log;

/* Goes on in a new file when the present one has no room for that much; -1: there is none. */
int log_room(uint64_t size);

/* The present time in nanoseconds since the epoch. */
uint64_t log_now(void);

/* records.c: pieces as they were read, in blocks that a reader can begin at. */
void records_begin(void);
void records_write(int stream, const uint8_t *bytes, size_t size);

/* lines.c: a line of JSON for each line of output, as json-file of Docker has them. */
void lines_begin(void);
void lines_write(int stream, const uint8_t *bytes, size_t size);
void lines_end(void);

#endif
