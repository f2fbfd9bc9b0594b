/* The check of a segment is a pure function over a buffer. */
#define _GNU_SOURCE
#include "drive.h"

#include <stddef.h>
#include <sys/syscall.h>

#ifndef FUZZ
#define FUZZ 20000
#endif

static uint8_t good[1 << 12];
static size_t good_size;

static void make_good(void)
{
	struct draft draft = {.flags = PLAN_FINAL};
	const char *argv[] = {"/bin/true", "true", NULL};
	uint32_t list = array(&draft, argv);
	uint32_t word = bytes(&draft, "12345678", 8);
	struct step *step;

	step = CALL(&draft, MONITOR, SYS_getpid);
	step->slot = 1;
	step->skip_ok = 1;
	STEP(&draft, MONITOR, OP_POKE, D(word), S(1), I(8));
	STEP(&draft, MONITOR, OP_CLONE, I(0), END)->slot = 2;
	STEP(&draft, INIT, OP_RECEIVE, I(2))->slot = 10;
	STEP(&draft, INIT, OP_EXEC, D(list), D(list), D(list));
	good_size = encode(&draft, good);
}

static int check(const uint8_t *from, size_t size)
{
	static uint8_t copy[sizeof(good)] __attribute__((aligned(8)));
	struct plan plan;

	CHECK(size <= sizeof(copy));
	memcpy(copy, from, size);
	return plan_check(copy, size, &plan);
}

static void a_whole_segment_is_accepted(void)
{
	make_good();
	CHECK(check(good, good_size) == 0);
}

static void every_truncation_is_refused(void)
{
	make_good();
	for (size_t size = 0; size < good_size; size++) {
		uint32_t claimed = (uint32_t)size;
		uint8_t shorter[sizeof(good)];

		CHECK(check(good, size) < 0);
		memcpy(shorter, good, size);
		if (size >= sizeof(struct header))
			memcpy(shorter + offsetof(struct header, size), &claimed, 4);
		CHECK(check(shorter, size) < 0);
	}
}

static void every_bit_of_the_header_matters(void)
{
	make_good();
	for (size_t bit = 0; bit < sizeof(struct header) * 8; bit++) {
		bool input_bits = bit / 8 >= offsetof(struct header, input_base) &&
			bit / 8 < offsetof(struct header, reserved);

		good[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* where inputs go may differ, as long as they fit */
		if (!input_bits)
			CHECK(check(good, good_size) < 0);
		good[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(check(good, good_size) == 0);
}

static void inputs_must_fit_into_the_slots(void)
{
	struct header *header = (struct header *)good;

	make_good();
	header->input_base = SLOTS - 3;
	header->inputs = 3;
	CHECK(check(good, good_size) == 0);
	header->inputs = 4;
	CHECK(check(good, good_size) < 0);
	header->input_base = ~0u;
	CHECK(check(good, good_size) < 0);
	header->input_base = 0;
	header->inputs = MAX_INPUTS + 1;
	CHECK(check(good, good_size) < 0);
}

/* The list of a good segment with one field of a step changed. */
static int with(int index, size_t offset, size_t size, uint64_t value)
{
	make_good();
	memcpy(good + sizeof(struct header) + (size_t)index * sizeof(struct step) + offset, &value,
	       size);
	return check(good, good_size);
}
#define WITH(index, field, value) \
	with(index, offsetof(struct step, field), sizeof(((struct step *)0)->field), value)

static void nonsense_in_a_step_is_refused(void)
{
	CHECK(WITH(0, op, OPS) < 0);
	CHECK(WITH(0, op, OP_EXEC) < 0);
	CHECK(WITH(0, rule, 2) < 0);
	CHECK(WITH(0, rule, 0x10) < 0);
	CHECK(WITH(0, rule, 0x20) < 0);
	CHECK(WITH(0, reserved, 1) < 0);
	CHECK(WITH(0, reserved2, 1) < 0);
	CHECK(WITH(0, slot, SLOTS) < 0);
	CHECK(WITH(0, skip_ok, 2) == 0);
	CHECK(WITH(0, skip_ok, 3) < 0);
	CHECK(WITH(2, skip_error, 1) < 0);
	CHECK(WITH(0, kinds[0], KINDS) < 0);
	CHECK(WITH(1, number, 1) < 0);
	CHECK(WITH(2, slot, SLOTS - 1) < 0);
	CHECK(WITH(3, slot, SLOTS - 1) < 0);
	CHECK(WITH(3, slot, NO_SLOT) < 0);
	CHECK(WITH(3, arguments[0], MAX_PASSED + 1) < 0);
	CHECK(WITH(3, kinds[0], KIND_SLOT) < 0);
}

static void arguments_stay_inside_slots_and_data(void)
{
	CHECK(WITH(1, arguments[1], SLOTS) < 0);
	CHECK(WITH(1, arguments[0], 1 << 20) < 0);
	CHECK(WITH(1, arguments[0], ~0ull) < 0);
	CHECK(WITH(1, arguments[2], 3) < 0);
	CHECK(WITH(1, kinds[0], KIND_IMMEDIATE) < 0);
	CHECK(WITH(4, kinds[1], KIND_SLOT) < 0);
	CHECK(WITH(4, arguments[0], 4) < 0);
}

static void loads_and_pokes_stop_at_the_end_of_the_data(void)
{
	static const struct {
		uint8_t kind;
		uint32_t width;
	} loads[] = {{KIND_LOAD8, 1}, {KIND_LOAD32, 4}, {KIND_LOAD64, 8}};

	for (int i = 0; i < 3; i++) {
		struct draft draft = {0};
		uint32_t end = text(&draft, "text") + 16; /* with the word that ends the data */

		CALL(&draft, MONITOR, SYS_getpid, LOAD(loads[i].kind, end - loads[i].width));
		good_size = encode(&draft, good);
		CHECK(check(good, good_size) == 0);
		draft.steps[MONITOR][0].arguments[0]++;
		good_size = encode(&draft, good);
		CHECK(check(good, good_size) < 0);
	}
}

static void a_final_list_ends_in_exec(void)
{
	struct draft draft = {.flags = PLAN_FINAL};

	CALL(&draft, INIT, SYS_getpid);
	good_size = encode(&draft, good);
	CHECK(check(good, good_size) < 0);
	draft.flags = 0;
	good_size = encode(&draft, good);
	CHECK(check(good, good_size) == 0);
}

static void relocations_stay_inside_the_data(void)
{
	static const struct relocation wrong[] = {
		{4, 0}, {0, 1 << 20}, {~7u, 0}, {8, 0} /* the last word */, {1 << 20, 0}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct draft draft = {0};

		bytes(&draft, "12345678", 8);
		relocate(&draft, 0, 0);
		good_size = encode(&draft, good);
		CHECK(check(good, good_size) == 0);
		draft.relocations[0] = wrong[i];
		good_size = encode(&draft, good);
		CHECK(check(good, good_size) < 0);
	}
}

static void data_that_does_not_end_in_zero_is_refused(void)
{
	make_good();
	for (size_t i = 1; i <= 8; i++) {
		good[good_size - i] = 1;
		CHECK(check(good, good_size) < 0);
		good[good_size - i] = 0;
	}
}

static void random_changes_do_no_harm(void)
{
	const char *other = getenv("SEED");
	unsigned seed = other == NULL ? 1 : (unsigned)atoi(other);

	for (int i = 0; i < FUZZ; i++) {
		make_good();
		for (int n = rand_r(&seed) % 4; n >= 0; n--)
			good[(size_t)rand_r(&seed) % good_size] = (uint8_t)rand_r(&seed);
		check(good, good_size);
	}
}

#define TEST(name) \
	{ \
#name, name, false \
	}
const struct test CHECK_TESTS[] = {
	TEST(a_whole_segment_is_accepted),
	TEST(every_truncation_is_refused),
	TEST(every_bit_of_the_header_matters),
	TEST(inputs_must_fit_into_the_slots),
	TEST(nonsense_in_a_step_is_refused),
	TEST(arguments_stay_inside_slots_and_data),
	TEST(loads_and_pokes_stop_at_the_end_of_the_data),
	TEST(a_final_list_ends_in_exec),
	TEST(relocations_stay_inside_the_data),
	TEST(data_that_does_not_end_in_zero_is_refused),
	TEST(random_changes_do_no_harm),
	{NULL, NULL, false},
};
