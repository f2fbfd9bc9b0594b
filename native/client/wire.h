/* The protocols between client, engine and monitor; docs/guide/wire.md, sections 3 and 4. */
#ifndef KAPSEL_WIRE_H
#define KAPSEL_WIRE_H

#include <stdint.h>

#define REQUEST_MAGIC 0x5350414bu
#define REQUEST_VERSION 1u
#define REQUEST_LIMIT (4u << 20)
#define FRAME_LIMIT (64u << 10)
#define DETACH_KEYS 3

/* The fixed part of a request; strings follow, `length` bytes of them. */
struct request {
	uint32_t magic;
	uint32_t version;
	uint32_t length;
	uint32_t argc;
	uint32_t envc;
	uint32_t flags; /* bits 0 to 2: stdin, stdout, stderr is a terminal */
	uint32_t umask;
	uint16_t rows;
	uint16_t columns;
};

struct frame {
	uint8_t type;
	uint8_t reserved[3];
	uint32_t length;
};

enum to_monitor { TO_STDIN = 0, TO_STDIN_EOF = 1, TO_RESIZE = 2, TO_SIGNAL = 3 };

enum to_engine { TO_DETACHED = 5, TO_CANCEL = 6 };

enum from_either { FROM_STDOUT = 1, FROM_STDERR = 2, FROM_EXIT = 3, FROM_ATTACH = 4, FROM_LAUNCH = 7 };

enum attach_flags {
	ATTACH_TERMINAL = 1,
	ATTACH_STDIN = 2,
	ATTACH_DETACH_KEYS = 4, /* bits 8 to 31: which, a byte each; none: ctrl-p ctrl-q */
	ATTACH_SIGNALS = 8,
	ATTACH_OUTPUT = 16,
};

_Static_assert(sizeof(struct request) == 32, "the request's fixed part");
_Static_assert(sizeof(struct frame) == 8, "a frame's header");

#endif
