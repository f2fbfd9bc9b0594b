#include "client.h"

#include <linux/errno.h>

#include "kernel.h"
#include "start.h"
#include "syscall.h"

bool uplink_idle(const struct uplink *uplink)
{
	return uplink->begin == uplink->end;
}

static void put(struct uplink *uplink, enum to_monitor type, const void *payload, uint32_t size)
{
	struct frame frame = {.type = (uint8_t)type, .length = size};

	memcpy(uplink->data + uplink->end, &frame, sizeof(frame));
	memcpy(uplink->data + uplink->end + sizeof(frame), payload, size);
	uplink->end += (uint32_t)sizeof(frame) + size;
}

static void put_signals(struct uplink *uplink)
{
	for (uint32_t signal = 1; uplink->signals != 0; signal++, uplink->signals >>= 1) {
		if ((uplink->signals & 1) != 0)
			put(uplink, TO_SIGNAL, &signal, sizeof(signal));
	}
}

/* Copies what was typed, up to the detach keys; the first of them wait for what follows them. */
static uint32_t sift_keys(struct uplink *uplink, uint8_t *to, const uint8_t *from, uint32_t size)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < size && !uplink->detached; i++) {
		if (from[i] != uplink->keys[uplink->held]) {
			memcpy(to + kept, uplink->keys, uplink->held);
			kept += uplink->held;
			uplink->held = 0;
		}
		if (from[i] != uplink->keys[uplink->held])
			to[kept++] = from[i];
		else if (++uplink->held == DETACH_KEYS || uplink->keys[uplink->held] == 0)
			uplink->detached = true;
	}
	return kept;
}

/* Reads stdin to where the payload will be, further by as many keys as may be held before it. */
static void put_stdin(struct uplink *uplink, struct stream *in)
{
	uint8_t *payload = uplink->data + uplink->end + sizeof(struct frame);
	bool watched = uplink->keys[0] != 0;
	uint8_t *typed = payload + (watched ? DETACH_KEYS - 1 : 0);
	long got = stream_read(in, typed, FRAME_LIMIT - (DETACH_KEYS - 1));
	struct frame frame = {.type = TO_STDIN};

	if (got == -EAGAIN || got == -EINTR)
		return;
	if (got <= 0) {
		/* A terminal that has gone away, or is not ours, reads as EIO. */
		if (got < 0 && got != -EIO)
			WARN("cannot read stdin: ", reason(got));
		uplink->open = false;
		uplink->ended = true;
		return;
	}
	frame.length =
		watched ? sift_keys(uplink, payload, typed, (uint32_t)got) : (uint32_t)got;
	if (frame.length == 0)
		return;
	memcpy(uplink->data + uplink->end, &frame, sizeof(frame));
	uplink->end += (uint32_t)sizeof(frame) + frame.length;
}

static void fill(struct uplink *uplink, struct stream *in, bool readable)
{
	struct terminal_size size;

	uplink->begin = uplink->end = 0;
	put_signals(uplink);
	if (uplink->resized) {
		size = terminal_size();
		put(uplink, TO_RESIZE, &size, sizeof(size));
		uplink->resized = false;
	}
	if (readable && uplink->open && !uplink->detached)
		put_stdin(uplink, in);
	if (uplink->ended) {
		put(uplink, TO_STDIN_EOF, NULL, 0);
		uplink->ended = false;
	}
}

static void flush(struct uplink *uplink)
{
	while (uplink->begin < uplink->end) {
		long sent = syscall6(__NR_sendto, uplink->fd, (long)(uplink->data + uplink->begin),
				     uplink->end - uplink->begin,
				     KERNEL_MSG_DONTWAIT | KERNEL_MSG_NOSIGNAL, 0, 0);

		if (sent == -EAGAIN)
			return;
		if (sent < 0 && sent != -EINTR) {
			/* The monitor takes no more; what it still says is read until its end. */
			uplink->fd = -1;
			uplink->open = false;
			return;
		}
		if (sent > 0)
			uplink->begin += (uint32_t)sent;
	}
}

void uplink_pump(struct uplink *uplink, struct stream *in, bool readable)
{
	flush(uplink);
	if (uplink->fd >= 0 && uplink_idle(uplink)) {
		fill(uplink, in, readable);
		flush(uplink);
	}
}
