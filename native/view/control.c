/* What the engine says: who the guests are, and where they are counted. */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "kernel.h"
#include "syscall.h"
#include "view.h"

enum message_type { MESSAGE_HELLO = 1, MESSAGE_SET, MESSAGE_REMOVE, MESSAGE_REPLACE, MESSAGE_QUIT };

/* A message of the engine's, with the descriptors that `sources` has bits of, in their order. */
struct message {
	uint32_t type;
	uint32_t flags;
	uint64_t started;
	uint64_t sources;
	char id[ID_LENGTH];
};

struct answer {
	uint32_t type;
	int32_t error;
	uint32_t guests;
	uint32_t zero;
	char tag[TAG_LENGTH];
};

_Static_assert(TAG_LENGTH == ID_LENGTH && sizeof(struct message) == 88 && sizeof(struct answer) == 80, "messages");

struct received {
	struct message message;
	int descriptors[SOURCES];
	int count;
};

static int client = -1;

int control_client(void)
{
	return client;
}

static void hang_up(void)
{
	syscall1(__NR_close, client);
	client = -1;
}

void control_accept(void)
{
	long fd = syscall4(__NR_accept4, LISTENER, 0, 0, KERNEL_SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (client >= 0)
		hang_up(); /* there is one engine: the later one */
	client = (int)fd;
}

static void close_sources(struct guest *guest)
{
	for (int i = 0; i < SOURCES; i++) {
		if (guest->sources[i] >= 0)
			syscall1(__NR_close, guest->sources[i]);
		guest->sources[i] = -1;
	}
}

struct guest *guest_by_id(const char *id)
{
	for (uint32_t i = 0; i < state->most_guests; i++)
		if (state->guests[i].serial != 0 && same(state->guests[i].id, id, ID_LENGTH))
			return &state->guests[i];
	return NULL;
}

struct guest *guest_by_serial(uint64_t serial)
{
	for (uint32_t i = 0; i < state->most_guests; i++)
		if (state->guests[i].serial == serial && serial != 0)
			return &state->guests[i];
	return NULL;
}

static struct guest *add(const char *id)
{
	for (uint32_t i = 0; i < MOST_GUESTS; i++) {
		struct guest *guest = &state->guests[i];

		if (guest->serial != 0)
			continue;
		*guest = (struct guest){0};
		for (int k = 0; k < SOURCES; k++)
			guest->sources[k] = -1;
		for (int k = 0; k < ID_LENGTH; k++)
			guest->id[k] = id[k];
		if (i >= state->most_guests)
			state->most_guests = i + 1;
		guest->serial = ++state->serials;
		return guest;
	}
	return NULL;
}

/* Makes a guest, or says anew what is known of it. Its number stays, as it has the files open. */
static int set(struct received *received)
{
	const struct message *message = &received->message;
	struct guest *guest = guest_by_id(message->id);
	int next = 0;

	if (guest == NULL)
		guest = add(message->id);
	if (guest == NULL)
		return -ENOSPC;
	close_sources(guest);
	guest->started = message->started;
	guest->flags = message->flags;
	for (int i = 0; i < SOURCES; i++)
		if ((message->sources >> i & 1) != 0 && next < received->count)
			guest->sources[i] = received->descriptors[next++];
	for (int i = 0; i < next; i++)
		received->descriptors[i] = -1;
	if (guest->used == 0)
		guest->used = usage_of(guest).total;
	return 0;
}

static int remove(const struct message *message)
{
	struct guest *guest = guest_by_id(message->id);

	if (guest == NULL)
		return -ENOENT;
	close_sources(guest);
	guest->serial = 0;
	return 0;
}

/* Another program takes over, with all that lies in the state; the keeper executes it. */
static int replace(struct received *received)
{
	if (received->count != 1)
		return -EINVAL;
	for (int i = 0; i < TAG_LENGTH; i++)
		state->tag[i] = received->message.id[i];
	state->replacement = received->descriptors[0];
	received->descriptors[0] = -1;
	return 0;
}

static uint32_t count_guests(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < state->most_guests; i++)
		count += state->guests[i].serial != 0;
	return count;
}

static void tell(const struct message *message, int error)
{
	struct answer answer = {.type = message->type, .error = error, .guests = count_guests()};

	for (int i = 0; i < TAG_LENGTH; i++)
		answer.tag[i] = state->tag[i];
	syscall6(__NR_sendto, client, (long)&answer, sizeof(answer),
		 KERNEL_MSG_NOSIGNAL | KERNEL_MSG_DONTWAIT, 0, 0);
}

static int obey(struct received *received)
{
	switch (received->message.type) {
	case MESSAGE_HELLO:
	case MESSAGE_QUIT:
		return 0;
	case MESSAGE_SET:
		return set(received);
	case MESSAGE_REMOVE:
		return remove(&received->message);
	case MESSAGE_REPLACE:
		return replace(received);
	default:
		return -EINVAL;
	}
}

/* The descriptors stay open when another program takes over, so they are not close-on-exec. */
static long receive(struct received *received)
{
	union {
		struct kernel_control head;
		char bytes[sizeof(struct kernel_control) + sizeof(int) * SOURCES + 8];
	} control;
	struct iovec part = {&received->message, sizeof(received->message)};
	struct kernel_message message = {
		.parts = &part,
		.part_count = 1,
		.control = &control,
		.control_length = sizeof(control),
	};
	long size = syscall3(__NR_recvmsg, client, &message, KERNEL_MSG_DONTWAIT);
	const int *passed = (const int *)(control.bytes + sizeof(struct kernel_control));

	received->count = 0;
	if (size <= 0 || message.control_length < sizeof(struct kernel_control) ||
	    control.head.type != KERNEL_SCM_RIGHTS)
		return size;
	while (received->count < SOURCES &&
	       sizeof(struct kernel_control) + sizeof(int) * (size_t)(received->count + 1) <=
		       control.head.length) {
		received->descriptors[received->count] = passed[received->count];
		received->count++;
	}
	return size;
}

/* Takes one message of the engine's; an END when the worker is to end, else -1. */
int control_step(void)
{
	struct received received;
	long size = receive(&received);
	int error;

	if (size == -EAGAIN || size == -EINTR)
		return -1;
	if (size <= 0) {
		hang_up();
		return -1;
	}
	error = size == sizeof(received.message) ? obey(&received) : -EINVAL;
	for (int i = 0; i < received.count; i++)
		if (received.descriptors[i] >= 0)
			syscall1(__NR_close, received.descriptors[i]);
	tell(&received.message, error);
	if (error != 0)
		return -1;
	return received.message.type == MESSAGE_QUIT      ? END_QUIT
	       : received.message.type == MESSAGE_REPLACE ? END_REPLACED
							  : -1;
}
