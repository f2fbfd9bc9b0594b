/* A segment of a launch plan as it travels; docs/guide/wire.md, section 1. */
#ifndef KAPSEL_PLAN_H
#define KAPSEL_PLAN_H

#include <stddef.h>
#include <stdint.h>

enum { PLAN_MAGIC = 0x4e4c504b, PLAN_VERSION = 1, PLAN_FINAL = 1 };
enum { MAX_SEGMENT = 1 << 20, MAX_STEPS = 4096, MAX_RELOCATIONS = 8192, MAX_INPUTS = 250 };
enum { SLOTS = 512, NO_SLOT = 0xffff, ANY_ERRNO = 0xffff, MAX_PASSED = 6 };

struct header {
	uint32_t magic;
	uint16_t version;
	uint16_t flags;
	uint32_t size;
	uint32_t monitor;
	uint32_t init;
	uint32_t relocations;
	uint32_t data;
	uint32_t input_base;
	uint32_t inputs;
	uint32_t reserved;
};

enum op {
	OP_SYSCALL,
	OP_CLONE,
	OP_SEND,
	OP_RECEIVE,
	OP_OPEN_PROC,
	OP_OPEN_ROOT,
	OP_EXEC,
	OP_POKE,
	OP_REAPER,
	OP_EXPECT,
	OP_ROLE,
	OPS,
};

enum rule { RULE_ABORT, RULE_TOLERATE, RULE_KIND = 0x0f, RULE_NOTICE = 0x40, RULE_GUARD = 0x80 };
enum kind { KIND_IMMEDIATE, KIND_DATA, KIND_SLOT, KIND_LOAD8, KIND_LOAD32, KIND_LOAD64, KINDS };

struct step {
	uint16_t op;
	uint8_t rule;
	uint8_t reserved;
	uint16_t slot;
	uint16_t skip_ok;
	uint16_t skip_error;
	uint16_t errnos[4];
	uint8_t kinds[6];
	uint32_t number;
	uint32_t reserved2;
	uint64_t arguments[6];
};

struct relocation {
	uint32_t at;
	uint32_t to;
};

struct plan {
	const struct header *header;
	const struct step *monitor;
	const struct step *init;
	const struct relocation *relocations;
	uint8_t *data;
};

_Static_assert(sizeof(struct header) == 40, "header");
_Static_assert(sizeof(struct step) == 80, "step");

/* Whether the segment at `bytes` is one; fills `plan` with pointers into it. Reads only; 0 or -1.
 */
int plan_check(uint8_t *bytes, size_t size, struct plan *plan);

/* Replaces the relocations by addresses. */
void plan_relocate(const struct plan *plan);

#endif
