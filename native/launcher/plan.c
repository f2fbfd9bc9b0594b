/* The check of a segment: everything is looked at before anything is done. */
#include "plan.h"

#include "start.h"

static int check_header(const struct header *h, size_t size)
{
	uint64_t total;

	if (h->magic != PLAN_MAGIC || h->version != PLAN_VERSION || (h->flags & ~PLAN_FINAL) != 0 ||
	    h->size != size || h->reserved != 0)
		return -1;
	if (h->monitor > MAX_STEPS || h->init > MAX_STEPS || h->relocations > MAX_RELOCATIONS ||
	    h->data > MAX_SEGMENT || h->data % 8 != 0)
		return -1;
	if (h->inputs > MAX_INPUTS || h->input_base > SLOTS || h->input_base + h->inputs > SLOTS)
		return -1;
	total = sizeof(*h) + (uint64_t)(h->monitor + h->init) * sizeof(struct step) +
		(uint64_t)h->relocations * sizeof(struct relocation) + h->data;
	return total == size ? 0 : -1;
}

static int check_argument(uint8_t kind, uint64_t value, uint32_t data)
{
	static const uint8_t widths[KINDS] = {0, 1, 0, 1, 4, 8};

	switch (kind) {
	case KIND_IMMEDIATE:
		return 0;
	case KIND_SLOT:
		return value < SLOTS ? 0 : -1;
	case KIND_DATA:
	case KIND_LOAD8:
	case KIND_LOAD32:
	case KIND_LOAD64:
		return value < data && data - value >= widths[kind] ? 0 : -1;
	default:
		return -1;
	}
}

/* How many slots the step writes. */
static uint64_t results(const struct step *s)
{
	if (s->op == OP_RECEIVE)
		return s->arguments[0];
	return s->op == OP_CLONE ? 2 : 1;
}

static int needs_data(const struct step *s, int argument)
{
	return s->kinds[argument] == KIND_DATA ? 0 : -1;
}

/* An array of addresses, aligned, so that the last word of the data ends it at the latest. */
static int needs_array(const struct step *s, int argument)
{
	return needs_data(s, argument) < 0 || s->arguments[argument] % 8 != 0 ? -1 : 0;
}

static int check_operation(const struct step *s)
{
	switch (s->op) {
	case OP_RECEIVE:
		if (s->kinds[0] != KIND_IMMEDIATE || s->arguments[0] > MAX_PASSED)
			return -1;
		return s->arguments[0] > 0 && s->slot == NO_SLOT ? -1 : 0;
	case OP_OPEN_PROC:
	case OP_OPEN_ROOT:
		return needs_data(s, 1);
	case OP_EXEC:
		return needs_array(s, 0) | needs_array(s, 1) | needs_array(s, 2);
	case OP_POKE:
		if (s->kinds[2] != KIND_IMMEDIATE || (s->arguments[2] != 4 && s->arguments[2] != 8))
			return -1;
		return needs_data(s, 0);
	default:
		return s->op < OPS ? 0 : -1;
	}
}

static int check_step(const struct step *s, uint32_t left, uint32_t data)
{
	if (s->reserved != 0 || s->reserved2 != 0 || check_operation(s) < 0)
		return -1;
	if ((s->rule & RULE_KIND) > RULE_TOLERATE || (s->rule & 0x30) != 0)
		return -1;
	if (s->op != OP_SYSCALL && s->number != 0)
		return -1;
	if (s->skip_ok > left || s->skip_error > left)
		return -1;
	if (s->slot != NO_SLOT && (s->slot >= SLOTS || s->slot + results(s) > SLOTS))
		return -1;
	for (int i = 0; i < 6; i++)
		if (check_argument(s->kinds[i], s->arguments[i], data) < 0)
			return -1;
	if (s->op == OP_POKE && data - s->arguments[0] < s->arguments[2])
		return -1;
	return 0;
}

/* An EXEC stands at the end of a final init list, and nowhere else. */
static int check_list(const struct step *steps, uint32_t count, uint32_t data, int ends_in_exec)
{
	for (uint32_t i = 0; i < count; i++) {
		int last = ends_in_exec && i + 1 == count;

		if (check_step(&steps[i], count - 1 - i, data) < 0 ||
		    (steps[i].op == OP_EXEC) != last)
			return -1;
	}
	return ends_in_exec && count == 0 ? -1 : 0;
}

/* A last word of zero, which no relocation changes, so that every text and every array ends. */
static int ends_in_zero(const struct plan *plan)
{
	uint32_t data = plan->header->data;

	if (data == 0)
		return 1;
	for (uint32_t i = 1; i <= sizeof(uint64_t); i++)
		if (plan->data[data - i] != 0)
			return 0;
	return 1;
}

static int check_relocations(const struct plan *plan)
{
	uint32_t data = plan->header->data;

	for (uint32_t i = 0; i < plan->header->relocations; i++) {
		const struct relocation *r = &plan->relocations[i];

		if (r->at % 8 != 0 || (uint64_t)r->at + 8 >= data || r->to >= data)
			return -1;
	}
	return 0;
}

int plan_check(uint8_t *bytes, size_t size, struct plan *plan)
{
	const struct header *h = (const struct header *)bytes;

	if (size < sizeof(*h) || size > MAX_SEGMENT || size % 8 != 0 || check_header(h, size) < 0)
		return -1;
	plan->header = h;
	plan->monitor = (const struct step *)(bytes + sizeof(*h));
	plan->init = plan->monitor + h->monitor;
	plan->relocations = (const struct relocation *)(plan->init + h->init);
	plan->data = (uint8_t *)(plan->relocations + h->relocations);
	if (!ends_in_zero(plan))
		return -1;
	if (check_list(plan->monitor, h->monitor, h->data, 0) < 0 ||
	    check_list(plan->init, h->init, h->data, (h->flags & PLAN_FINAL) != 0) < 0)
		return -1;
	return check_relocations(plan);
}

void plan_relocate(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->header->relocations; i++) {
		const struct relocation *r = &plan->relocations[i];

		*(uint64_t *)(plan->data + r->at) = (uint64_t)(uintptr_t)(plan->data + r->to);
	}
}
