/* Runs the steps of a list, in order. Nothing is decided here: the plan says what happens on
 * failure. */
#include "launcher.h"

static uint64_t value_of(const struct plan *plan, uint8_t kind, uint64_t argument)
{
	switch (kind) {
	case KIND_DATA:
		return (uint64_t)(uintptr_t)(plan->data + argument);
	case KIND_SLOT:
		return (uint64_t)launch.slots[argument];
	case KIND_LOAD8:
		return plan->data[argument];
	case KIND_LOAD32: {
		uint32_t v;

		memcpy(&v, plan->data + argument, sizeof(v));
		return v;
	}
	case KIND_LOAD64: {
		uint64_t v;

		memcpy(&v, plan->data + argument, sizeof(v));
		return v;
	}
	default:
		return argument;
	}
}

static int guarded(const struct step *s)
{
	if ((s->rule & RULE_GUARD) == 0)
		return 0;
	for (int i = 0; i < 6; i++)
		if (s->kinds[i] == KIND_SLOT && launch.slots[s->arguments[i]] < 0)
			return 1;
	return 0;
}

static long poke(uint64_t address, uint64_t value, uint64_t width)
{
	memcpy((void *)(uintptr_t)address, &value, width);
	return 0;
}

static long do_send(const struct step *s, const uint64_t *v)
{
	int64_t descriptors[MAX_PASSED];
	int count = 0;

	while (count < MAX_PASSED &&
	       !(s->kinds[count] == KIND_IMMEDIATE && (int64_t)v[count] == -1)) {
		descriptors[count] = (int64_t)v[count];
		count++;
	}
	return pass(descriptors, count);
}

static long set_role(uint64_t role, uint64_t value)
{
	if (role >= ROLES)
		return -EINVAL;
	launch.roles[role] = (int64_t)value;
	return role == ROLE_SYNC ? move_sync((int)value) : 0;
}

#define ARRAY(v) ((char *const *)(uintptr_t)(v))
#define TEXT(v) ((const char *)(uintptr_t)(v))

static long act(const struct plan *plan, const struct step *s)
{
	uint64_t v[6];

	for (int i = 0; i < 6; i++)
		v[i] = value_of(plan, s->kinds[i], s->arguments[i]);
	switch ((enum op)s->op) {
	case OP_SYSCALL:
		return syscall6(s->number, (long)v[0], (long)v[1], (long)v[2], (long)v[3],
				(long)v[4], (long)v[5]);
	case OP_CLONE:
		return split(plan, v[0], (int64_t)v[1], s);
	case OP_SEND:
		return do_send(s, v);
	case OP_RECEIVE:
		return take(s->slot == NO_SLOT ? NULL : &launch.slots[s->slot], (int)v[0]);
	case OP_OPEN_PROC:
		return open_proc((int64_t)v[0], TEXT(v[1]), (int64_t)v[2]);
	case OP_OPEN_ROOT:
		return open_in_root((int)v[0], TEXT(v[1]), v[2], (uint32_t)v[3]);
	case OP_EXEC:
		return execute(ARRAY(v[0]), ARRAY(v[1]), ARRAY(v[2]));
	case OP_POKE:
		return poke(v[0], v[1], v[2]);
	case OP_REAPER:
		return become_reaper();
	case OP_EXPECT:
		return (v[0] & v[2]) == v[1] ? 0 : -(long)v[3];
	case OP_ROLE:
		return set_role(v[0], v[1]);
	default:
		return -EPROTO;
	}
}

static int tolerated(const struct step *s, long error)
{
	if ((s->rule & RULE_KIND) != RULE_TOLERATE)
		return 0;
	for (int i = 0; i < 4; i++)
		if (s->errnos[i] == ANY_ERRNO || (s->errnos[i] != 0 && s->errnos[i] == error))
			return 1;
	return 0;
}

static void notice(uint32_t index, long error)
{
	if (launch.half == HALF_INIT)
		tell_sync(SYNC_NOTICE, index, (uint32_t)error);
	else
		send_message(CONTROL, MESSAGE_NOTICE, HALF_MONITOR, (int)index, (int)error, -1);
}

static void keep(const struct step *s, long result)
{
	if (s->slot != NO_SLOT && s->op != OP_RECEIVE)
		launch.slots[s->slot] = result;
}

int run_steps(const struct plan *plan, const struct step *steps, uint32_t count,
	      struct failure *failure)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct step *s = &steps[i];
		long result;

		if (guarded(s)) {
			keep(s, -1);
			continue;
		}
		result = act(plan, s);
		if (result >= 0 || result < -4095) {
			keep(s, result);
			i += s->skip_ok;
			continue;
		}
		if (!tolerated(s, -result)) {
			*failure = (struct failure){
				launch.half, (int32_t)(launch.segment << 16 | i), (int32_t)-result};
			return -1;
		}
		keep(s, -1);
		if (s->rule & RULE_NOTICE)
			notice(launch.segment << 16 | i, -result);
		i += s->skip_error;
	}
	return 0;
}
