#define _GNU_SOURCE
#include "drive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

struct step *add_step(struct draft *draft, int half, uint16_t op, uint32_t number,
		      const struct argument arguments[6])
{
	struct step *step = &draft->steps[half][draft->count[half]++];

	memset(step, 0, sizeof(*step));
	step->op = op;
	step->number = number;
	step->slot = NO_SLOT;
	for (int i = 0; i < 6; i++) {
		step->kinds[i] = arguments[i].kind;
		step->arguments[i] = arguments[i].value;
	}
	return step;
}

uint32_t bytes(struct draft *draft, const void *from, size_t size)
{
	uint32_t at = draft->used;

	CHECK(at + size + 16 < sizeof(draft->data));
	memcpy(draft->data + at, from, size);
	draft->used += (uint32_t)((size + 7) & ~7ul);
	return at;
}

uint32_t text(struct draft *draft, const char *from)
{
	return bytes(draft, from, strlen(from) + 1);
}

void relocate(struct draft *draft, uint32_t at, uint32_t to)
{
	draft->relocations[draft->relocated++] = (struct relocation){at, to};
}

uint32_t array(struct draft *draft, const char *const *texts)
{
	uint64_t none[16] = {0};
	uint32_t at;
	int count = 0;

	while (texts[count] != NULL)
		count++;
	at = bytes(draft, none, (size_t)(count + 1) * 8);
	for (int i = 0; i < count; i++)
		relocate(draft, at + (uint32_t)i * 8, text(draft, texts[i]));
	return at;
}

uint32_t input(struct draft *draft, int descriptor)
{
	if (draft->input_count == 0)
		draft->input_base = 400;
	draft->inputs[draft->input_count] = descriptor;
	return draft->input_base + draft->input_count++;
}

size_t encode(const struct draft *draft, uint8_t *to)
{
	struct header header = {
		.magic = PLAN_MAGIC,
		.version = PLAN_VERSION,
		.flags = draft->flags,
		.monitor = draft->count[MONITOR],
		.init = draft->count[INIT],
		.relocations = draft->relocated,
		.data = draft->used + 8,
		.input_base = draft->input_base,
		.inputs = draft->input_count,
	};
	uint8_t *at = to + sizeof(header);

	for (int half = 0; half < 2; half++)
		at = mempcpy(at, draft->steps[half], draft->count[half] * sizeof(struct step));
	at = mempcpy(at, draft->relocations, draft->relocated * sizeof(struct relocation));
	at = mempcpy(at, draft->data, draft->used);
	memset(at, 0, 8);
	header.size = (uint32_t)(at + 8 - to);
	memcpy(to, &header, sizeof(header));
	return header.size;
}

struct launcher start_launcher(void)
{
	struct launcher started;
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	started.pid = fork();
	CHECK(started.pid >= 0);
	if (started.pid == 0) {
		dup2(pair[1], 3);
		if (emulator != NULL)
			execlp(emulator, emulator, launcher_binary, NULL);
		execl(launcher_binary, "launcher", NULL);
		_exit(99);
	}
	close(pair[1]);
	started.control = pair[0];
	return started;
}

void send_to_launcher(int control, struct message message, const int *descriptors, int count)
{
	char buffer[CMSG_SPACE(sizeof(int) * 64)] = {0};
	struct iovec part = {&message, 16};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};

	if (count > 0) {
		size_t size = sizeof(int) * (size_t)count;

		head.msg_control = buffer;
		head.msg_controllen = CMSG_SPACE(size);
		CMSG_FIRSTHDR(&head)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&head)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&head)->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&head)), descriptors, size);
	}
	CHECK(sendmsg(control, &head, MSG_NOSIGNAL) == 16);
}

void send_bytes(int control, const uint8_t *segment, size_t size, int seals, const int *inputs,
		int count)
{
	int descriptors[64];
	int memfd = memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CHECK(write(memfd, segment, size) == (ssize_t)size);
	CHECK(fcntl(memfd, F_ADD_SEALS, seals) == 0);
	descriptors[0] = memfd;
	memcpy(descriptors + 1, inputs, sizeof(int) * (size_t)count);
	send_to_launcher(control, (struct message){.type = SEGMENT}, descriptors, count + 1);
	close(memfd);
}

void send_segment(int control, const struct draft *draft)
{
	static uint8_t segment[1 << 16];
	size_t size = encode(draft, segment);

	send_bytes(control, segment, size, ALL_SEALS, draft->inputs, (int)draft->input_count);
}

struct message hear(int control)
{
	struct message message = {.descriptor = -1};
	char buffer[CMSG_SPACE(sizeof(int))];
	struct iovec part = {&message, 16};
	struct msghdr head = {.msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = buffer,
			      .msg_controllen = sizeof(buffer)};
	struct pollfd polled = {control, POLLIN, 0};

	CHECK(poll(&polled, 1, 8000) == 1);
	CHECK(recvmsg(control, &head, MSG_CMSG_CLOEXEC) == 16);
	if (CMSG_FIRSTHDR(&head) != NULL)
		memcpy(&message.descriptor, CMSG_DATA(CMSG_FIRSTHDR(&head)), sizeof(int));
	return message;
}

struct message hear_past_notices(int control)
{
	struct message message = hear(control);

	while (message.type == NOTICE)
		message = hear(control);
	return message;
}

bool ended(int control)
{
	struct pollfd polled = {control, POLLIN, 0};
	char byte;

	return poll(&polled, 1, 8000) == 1 && recv(control, &byte, 1, 0) <= 0;
}

struct launcher spawn(struct launcher zygote)
{
	struct launcher spawned;
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	send_to_launcher(zygote.control, (struct message){.type = SPAWN}, &pair[1], 1);
	close(pair[1]);
	spawned.control = pair[0];
	spawned.pid = -1;
	return spawned;
}

char *path_of(const char *name)
{
	static char paths[4][PATH_MAX];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", directory, name);
	return path;
}

int process_state(pid_t pid)
{
	char name[64], line[256] = "";
	FILE *file;
	char *end;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	file = fopen(name, "r");
	if (file == NULL)
		return 0;
	end = fgets(line, sizeof(line), file) == NULL ? NULL : strrchr(line, ')');
	fclose(file);
	return end == NULL ? 0 : end[2];
}
