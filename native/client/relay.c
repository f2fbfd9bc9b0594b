#include "client.h"

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/poll.h>

#include "kernel.h"
#include "start.h"
#include "syscall.h"

/* ctrl-p ctrl-q */
#define USUAL_KEYS 0x1110

#define BIT(signal) (UINT64_C(1) << ((signal)-1))

/* The signals by which a user ends a command that runs in the engine. */
#define ENDING (BIT(SIGHUP) | BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGTERM))

enum { POLL_SIGNALS, POLL_ENGINE, POLL_MONITOR, POLL_IN, POLL_OUT, POLL_ERR, POLL_COUNT };

/* All of a command while it runs. `blocked` is the stream that an inlet's payload waits for. */
struct session {
	struct inlet engine;
	struct inlet monitor;
	struct uplink up;
	struct stream in;
	struct stream out;
	struct stream err;
	struct stream *engine_blocked;
	struct stream *monitor_blocked;
	int signals;
	uint32_t attach;    /* flags of ATTACH while there is an attachment */
	uint64_t cancelled; /* signals that the engine has been told of */
	bool stopped;       /* by our own hand, so SIGCONT is not the container's */
	bool detached;
	bool status_known;
	bool code_known;
	int status; /* of the container, from the monitor */
	int code;   /* of this command, from the engine */
};

static struct session session;

__attribute__((noreturn)) static void die_by(int signal)
{
	terminal_restore();
	signals_default(signal);
	for (;;)
		syscall1(__NR_exit_group, 128 + signal);
}

static void tell_engine(struct session *s, enum to_engine type, uint32_t value)
{
	struct {
		struct frame frame;
		uint32_t value;
	} message = {{.type = (uint8_t)type, .length = type == TO_CANCEL ? 4 : 0}, value};

	if (s->engine.fd >= 0)
		syscall6(__NR_sendto, s->engine.fd, (long)&message,
			 (long)(sizeof(struct frame) + message.frame.length),
			 KERNEL_MSG_DONTWAIT | KERNEL_MSG_NOSIGNAL, 0, 0);
}

__attribute__((noreturn)) static void output_failed(const struct stream *stream, long error,
						    const struct session *s)
{
	if (error == -EPIPE) {
		/* As any other filter ends whose reader has gone; it returns where that is ignored.
		 */
		terminal_restore();
		signals_default(SIGPIPE);
	}
	FAIL("cannot write to ", stream == &s->out ? "stdout: " : "stderr: ", reason(error));
}

/* Writes the payload at hand. The result is the stream when it takes no more now. */
static struct stream *take_output(struct session *s, struct inlet *inlet, struct stream *stream)
{
	while (inlet_available(inlet) > 0) {
		long written =
			stream_write(stream, inlet->data + inlet->begin, inlet_available(inlet));

		if (written == -EINTR)
			continue;
		if (written == -EAGAIN)
			return stream;
		if (written < 0)
			output_failed(stream, written, s);
		inlet_take(inlet, (uint32_t)written);
	}
	if (inlet->left == 0)
		inlet_take(inlet, 0);
	return NULL;
}

/* A payload of four bytes; false when they are not all there yet. */
static bool take_word(struct inlet *inlet, uint32_t *word)
{
	if (inlet->frame.length != sizeof(*word))
		FAIL("a frame from the engine or a monitor has a wrong length");
	if (inlet_available(inlet) < sizeof(*word))
		return false;
	memcpy(word, inlet->data + inlet->begin, sizeof(*word));
	inlet_take(inlet, sizeof(*word));
	return true;
}

/* The upper bytes say which keys, or none of them which everybody knows. */
static void watch_keys(struct uplink *up, uint32_t flags)
{
	uint32_t keys = flags >> 8 != 0 ? flags >> 8 : USUAL_KEYS;

	up->held = 0;
	for (uint32_t i = 0; i < DETACH_KEYS; i++, keys >>= 8)
		up->keys[i] = (flags & ATTACH_DETACH_KEYS) != 0 ? (uint8_t)keys : 0;
}

static void attachment_ended(struct session *s)
{
	terminal_restore();
	s->attach = 0;
	s->up.fd = -1;
	s->up.open = false;
	s->monitor_blocked = NULL;
}

/* Once more when another monitor is in the place of the one that is attached to. */
static void attach(struct session *s, uint32_t flags)
{
	if (s->engine.passed[0] < 0)
		FAIL("cannot attach to the container: the engine sent no stream of its own for it");
	if (s->detached) {
		syscall1(__NR_close, s->engine.passed[0]);
		s->engine.passed[0] = -1;
		return;
	}
	if (s->monitor.fd >= 0) {
		inlet_close(&s->monitor);
		attachment_ended(s);
	}
	s->attach = flags;
	s->monitor.fd = s->up.fd = s->engine.passed[0];
	s->engine.passed[0] = -1;
	s->monitor.begin = s->monitor.end = s->monitor.header = s->monitor.left = 0;
	s->up.begin = s->up.end = 0;
	s->up.open = (flags & ATTACH_STDIN) != 0;
	watch_keys(&s->up, flags);
	s->up.resized = (flags & ATTACH_TERMINAL) != 0;
	if ((flags & ATTACH_TERMINAL) != 0 && s->up.open)
		terminal_raw((flags & ATTACH_OUTPUT) != 0);
}

/* Handles the frame that is there, or a part of it. False: go on when more has come. */
static bool take_small(struct session *s, struct inlet *inlet)
{
	bool engine = inlet == &s->engine;
	uint32_t word;

	if (!take_word(inlet, &word))
		return false;
	if (inlet->frame.type == FROM_ATTACH && engine) {
		attach(s, word);
	} else if (inlet->frame.type == FROM_LAUNCH && engine) {
		launch(inlet->passed, word);
		inlet->passed[0] = inlet->passed[1] = -1;
	} else if (inlet->frame.type == FROM_EXIT && engine) {
		s->code = (int)word & 0xff;
		s->code_known = true;
	} else if (inlet->frame.type == FROM_EXIT) {
		s->status = (int)word;
		s->status_known = true;
	} else {
		FAIL(engine ? "the engine" : "the container's monitor",
		     " sent a frame of an unknown type");
	}
	return true;
}

/* Handles every frame that has come. The result is the stream that must take more first, or NULL.
 */
static struct stream *drain(struct session *s, struct inlet *inlet)
{
	const char *peer = inlet == &s->engine ? "the engine" : "the container's monitor";

	while (inlet_frame(inlet, peer)) {
		struct stream *blocked = NULL;

		if (inlet->frame.type == FROM_STDOUT)
			blocked = take_output(s, inlet, &s->out);
		else if (inlet->frame.type == FROM_STDERR)
			blocked = take_output(s, inlet, &s->err);
		else if (!take_small(s, inlet))
			return NULL;
		if (blocked != NULL)
			return blocked;
	}
	return NULL;
}

static void resume(struct session *s)
{
	if ((s->attach & ATTACH_TERMINAL) == 0)
		return;
	if ((s->attach & ATTACH_STDIN) != 0)
		terminal_raw((s->attach & ATTACH_OUTPUT) != 0);
	s->up.resized = true;
}

static void stop(struct session *s)
{
	terminal_restore();
	s->stopped = true;
	signals_default(SIGTSTP);
	resume(s);
}

/* When the container does not read its stdin, a frame to the monitor would wait behind it. */
static void forward(struct session *s, int signal)
{
	if (uplink_idle(&s->up) || s->engine.fd < 0)
		s->up.signals |= BIT(signal);
	else
		tell_engine(s, TO_CANCEL, (uint32_t)signal);
}

static void cancel(struct session *s, int signal)
{
	if ((ENDING & BIT(signal)) == 0 || (s->cancelled & BIT(signal)) != 0 || s->engine.fd < 0)
		die_by(signal);
	s->cancelled |= BIT(signal);
	tell_engine(s, TO_CANCEL, (uint32_t)signal);
}

static void handle_signal(struct session *s, int signal)
{
	bool own = signal == SIGCONT && s->stopped;

	if (signal == SIGCONT) {
		s->stopped = false;
		resume(s);
	}
	if (signal == SIGWINCH)
		s->up.resized = (s->attach & ATTACH_TERMINAL) != 0;
	else if (signal == SIGTSTP)
		stop(s);
	else if (s->monitor.fd >= 0 && (s->attach & ATTACH_SIGNALS) != 0 && !own)
		forward(s, signal);
	else if (signal == SIGCONT)
		return;
	else if (s->monitor.fd >= 0)
		die_by(signal);
	else
		cancel(s, signal);
}

static void detach(struct session *s)
{
	inlet_close(&s->monitor);
	attachment_ended(s);
	s->detached = true;
	tell_engine(s, TO_DETACHED, 0);
}

static void watch(struct pollfd *polled, int fd, int events)
{
	/* Without events poll(2) would still report a hang-up, again and again. */
	polled->fd = events == 0 ? -1 : fd;
	polled->events = (short)events;
	polled->revents = 0;
}

static void wait_for_something(struct session *s, struct pollfd *polled)
{
	bool idle = uplink_idle(&s->up);
	long count;

	watch(&polled[POLL_SIGNALS], s->signals, POLLIN);
	watch(&polled[POLL_ENGINE], s->engine.fd, s->engine_blocked == NULL ? POLLIN : 0);
	watch(&polled[POLL_MONITOR], s->monitor.fd,
	      (s->monitor_blocked == NULL ? POLLIN : 0) | (s->up.fd >= 0 && !idle ? POLLOUT : 0));
	watch(&polled[POLL_IN], s->in.fd, s->up.open && idle ? POLLIN : 0);
	watch(&polled[POLL_OUT], s->out.fd,
	      s->engine_blocked == &s->out || s->monitor_blocked == &s->out ? POLLOUT : 0);
	watch(&polled[POLL_ERR], s->err.fd,
	      s->engine_blocked == &s->err || s->monitor_blocked == &s->err ? POLLOUT : 0);
	count = syscall5(__NR_ppoll, polled, POLL_COUNT, NULL, NULL, 0);
	if (count < 0 && count != -EINTR)
		FAIL("cannot wait for the engine: ", reason(count));
}

static void read_inlets(struct session *s, const struct pollfd *polled)
{
	if (polled[POLL_ENGINE].revents != 0)
		inlet_read(&s->engine);
	if ((polled[POLL_MONITOR].revents & ~POLLOUT) != 0 && s->monitor_blocked == NULL &&
	    !inlet_read(&s->monitor))
		attachment_ended(s);
}

static void step(struct session *s)
{
	struct pollfd polled[POLL_COUNT];
	int signal;

	wait_for_something(s, polled);
	if (polled[POLL_SIGNALS].revents != 0) {
		while ((signal = signals_next(s->signals)) != 0)
			handle_signal(s, signal);
	}
	read_inlets(s, polled);
	s->engine_blocked = drain(s, &s->engine);
	s->monitor_blocked = s->monitor.fd >= 0 ? drain(s, &s->monitor) : NULL;
	if (s->up.fd >= 0)
		uplink_pump(&s->up, &s->in, polled[POLL_IN].revents != 0);
	if (s->up.detached && !s->detached)
		detach(s);
}

static int code_of(int status)
{
	return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
}

int relay(int engine, bool taken)
{
	struct session *s = &session;

	s->engine.reset = false;
	s->engine.fd = engine;
	s->engine.passed[0] = s->engine.passed[1] = -1;
	s->monitor.passed[0] = s->monitor.passed[1] = -1;
	s->monitor.fd = s->up.fd = -1;
	s->out.fd = 1;
	s->err.fd = 2;
	s->signals = signals_open();
	while (s->monitor.fd >= 0 || (s->engine.fd >= 0 && !s->code_known))
		step(s);
	terminal_restore();
	if (s->code_known) {
		launch_wait();
		return s->code;
	}
	signals_close(s->signals);
	if (!s->engine.heard && s->cancelled == 0 && (s->engine.reset || !taken))
		return NOT_TAKEN;
	if (s->detached)
		return 0;
	if (!s->status_known)
		FAIL("the engine went away before it was done with this command");
	WARN("the engine went away while the container ran; its exit status is the container's "
	     "own");
	return code_of(s->status);
}
