/* Builds segments by hand and drives a launcher with them. */
#ifndef KAPSEL_DRIVE_H
#define KAPSEL_DRIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "../plan.h"

#define CHECK(condition) \
	((condition) ? (void)0 \
		     : (void)(printf("%s:%d: %s\n", __FILE__, __LINE__, #condition), exit(1)))

struct test {
	const char *name;
	void (*run)(void);
	bool native; /* needs namespaces, clone3 or CLONE_PARENT, which qemu-user has not */
};

extern const struct test CHECK_TESTS[], STEP_TESTS[], RUN_TESTS[], KEEPER_TESTS[], RELAY_TESTS[],
	LOG_TESTS[];
extern const char *launcher_binary, *emulator, *inside_binary;
extern char directory[];

enum { MONITOR, INIT };
enum { SEGMENT = 1, SPAWN, ATTACH, SIGNAL, ADOPT, DONE = 16, FAILED, STARTED, EXITED, NOTICE };

struct argument {
	uint8_t kind;
	uint64_t value;
};
#define I(v) ((struct argument){KIND_IMMEDIATE, (uint64_t)(v)})
#define D(v) ((struct argument){KIND_DATA, (uint64_t)(v)})
#define S(v) ((struct argument){KIND_SLOT, (uint64_t)(v)})
#define LOAD(kind, v) ((struct argument){kind, (uint64_t)(v)})
#define END I(-1)

struct draft {
	struct step steps[2][64];
	uint32_t count[2];
	struct relocation relocations[32];
	uint32_t relocated;
	uint8_t data[16384];
	uint32_t used;
	int inputs[32];
	uint32_t input_count, input_base;
	uint16_t flags;
};

struct step *add_step(struct draft *draft, int half, uint16_t op, uint32_t number,
		      const struct argument arguments[6]);
#define STEP(d, half, op, ...) add_step(d, half, op, 0, (struct argument[6]){__VA_ARGS__})
#define CALL(d, half, number, ...) \
	add_step(d, half, OP_SYSCALL, number, (struct argument[6]){__VA_ARGS__})

uint32_t bytes(struct draft *draft, const void *from, size_t size);
uint32_t text(struct draft *draft, const char *text);
uint32_t array(struct draft *draft, const char *const *texts);
void relocate(struct draft *draft, uint32_t at, uint32_t to);
uint32_t input(struct draft *draft, int descriptor); /* its slot */
size_t encode(const struct draft *draft, uint8_t *to);

struct launcher {
	pid_t pid;
	int control;
};

struct message {
	uint32_t type;
	int32_t a, b, c;
	int descriptor;
};

struct launcher start_launcher(void);
void send_to_launcher(int control, struct message message, const int *descriptors, int count);
void send_segment(int control, const struct draft *draft);
void send_bytes(int control, const uint8_t *segment, size_t size, int seals, const int *inputs,
		int count);
struct message hear(int control);
struct message hear_past_notices(int control);
bool ended(int control); /* nothing more comes */
struct launcher spawn(struct launcher zygote);
char *path_of(const char *name);
int process_state(pid_t pid); /* the letter of proc(5), 0: there is none */

#endif
