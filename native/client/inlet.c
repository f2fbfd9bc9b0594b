#include "client.h"

#include <linux/errno.h>

#include "kernel.h"
#include "start.h"
#include "syscall.h"

#define PASSED_LIMIT 4

struct passed {
	struct kernel_control head;
	int fds[PASSED_LIMIT];
};

/* Keeps the first two descriptors that came, closes every other one. */
static void keep_passed(struct inlet *inlet, const struct kernel_message *message,
			const struct passed *control)
{
	size_t count;

	if (message->control_length < sizeof(control->head) ||
	    control->head.level != KERNEL_SOL_SOCKET || control->head.type != KERNEL_SCM_RIGHTS)
		return;
	count = (control->head.length - sizeof(control->head)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		if (inlet->passed[0] < 0)
			inlet->passed[0] = control->fds[i];
		else if (inlet->passed[1] < 0)
			inlet->passed[1] = control->fds[i];
		else
			syscall1(__NR_close, control->fds[i]);
	}
}

/* Makes room; what is left is at most a few bytes of a small frame. */
static void move_down(struct inlet *inlet)
{
	uint32_t size = inlet->end - inlet->begin;

	for (uint32_t i = 0; i < size; i++)
		inlet->data[i] = inlet->data[inlet->begin + i];
	inlet->begin = 0;
	inlet->end = size;
}

bool inlet_read(struct inlet *inlet)
{
	struct passed control;
	struct iovec part;
	struct kernel_message message = {.parts = &part,
					 .part_count = 1,
					 .control = &control,
					 .control_length = sizeof(control)};
	long got;

	move_down(inlet);
	part.iov_base = inlet->data + inlet->end;
	part.iov_len = sizeof(inlet->data) - inlet->end;
	got = syscall3(__NR_recvmsg, inlet->fd, &message,
		       KERNEL_MSG_DONTWAIT | KERNEL_MSG_CMSG_CLOEXEC);
	if (got == -EAGAIN || got == -EINTR)
		return true;
	if (got <= 0) {
		inlet->reset = got == -ECONNRESET;
		inlet_close(inlet);
		return false;
	}
	keep_passed(inlet, &message, &control);
	inlet->heard = true;
	inlet->end += (uint32_t)got;
	return true;
}

bool inlet_frame(struct inlet *inlet, const char *peer)
{
	while (inlet->header < sizeof(inlet->frame) && inlet->begin < inlet->end) {
		((uint8_t *)&inlet->frame)[inlet->header++] = inlet->data[inlet->begin++];
		if (inlet->header < sizeof(inlet->frame))
			continue;
		if (inlet->frame.length > FRAME_LIMIT)
			FAIL(peer, " sent a frame that is longer than 64 KiB");
		inlet->left = inlet->frame.length;
	}
	return inlet->header == sizeof(inlet->frame) &&
		(inlet->left == 0 || inlet->begin < inlet->end);
}

uint32_t inlet_available(const struct inlet *inlet)
{
	uint32_t here = inlet->end - inlet->begin;

	return here < inlet->left ? here : inlet->left;
}

void inlet_take(struct inlet *inlet, uint32_t size)
{
	inlet->begin += size;
	inlet->left -= size;
	if (inlet->left == 0)
		inlet->header = 0;
}

void inlet_close(struct inlet *inlet)
{
	syscall1(__NR_close, inlet->fd);
	inlet->fd = -1;
}
