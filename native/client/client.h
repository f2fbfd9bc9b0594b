/* The client's parts. Everything here is for the one thread of one short-lived process. */
#ifndef KAPSEL_CLIENT_H
#define KAPSEL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* What docker and podman agree on: 125 is the engine's own failure, never the program's. */
#define EXIT_ENGINE 125

#define PATH_SIZE 4096

/* ---- text.c: messages on stderr ---- */

/* Writes "kapsel: " and the parts up to a NULL, ends the line, exits with 125. */
__attribute__((noreturn)) void fail(const char *const *parts);
#define FAIL(...) fail((const char *const[]){__VA_ARGS__, NULL})

/* Like fail, but goes on. */
void warn(const char *const *parts);
#define WARN(...) warn((const char *const[]){__VA_ARGS__, NULL})

/* The kernel's words for a negated errno, with its name in parentheses. */
const char *reason(long error);

size_t length_of(const char *text);
bool starts_with(const char *text, const char *prefix);
/* Joins two texts in `to`; false when they do not fit. */
bool join(char *to, size_t size, const char *first, const char *second);
/* The value of a variable, or `otherwise` when it is unset or empty. */
const char *variable(char *const *envp, const char *name_and_equals, const char *otherwise);

/* ---- places.c ---- */

/* Where the engine that serves this user has its socket, and what it keeps. */
struct places {
	char run[PATH_SIZE];
	char state[PATH_SIZE];
};

/* Root's in /run and /var/lib unless the installation says others, a user's own below
 * XDG_RUNTIME_DIR and XDG_DATA_HOME. */
void find_places(char *const *envp, struct places *places);

/* ---- configuration.c ---- */

/* The path of a file of this installation, whose directories are beside that of this program. */
void find_installed(char *path, const char *name);
/* What the variable says, else the installation's etc/kapsel.conf, else `usual`. */
const char *configured(char *const *envp, const char *name_and_equals, const char *usual);

/* ---- engine.c ---- */

/* A connection to the engine, which is started when there is none; fails with a message. */
int connect_engine(char *const *envp);

/* ---- request.c ---- */

/* Sends everything that this process was called with. False: the engine has not taken it whole. */
bool send_request(int engine, char **argv, char **envp);

/* ---- stream.c: the client's own stdin, stdout and stderr ---- */

enum stream_kind { STREAM_UNKNOWN, STREAM_DIRECT, STREAM_SOCKET, STREAM_POLLED };

struct stream {
	int fd;
	enum stream_kind kind;
};

/* Reads or writes without ever waiting; -EAGAIN means: poll, then come again. */
long stream_read(struct stream *stream, void *data, size_t size);
long stream_write(struct stream *stream, const void *data, size_t size);

/* ---- terminal.c ---- */

struct terminal_size {
	uint16_t rows;
	uint16_t columns;
};

bool is_terminal(int fd);
/* The size of the first of stdout, stdin and stderr that is a terminal; zeros without one. */
struct terminal_size terminal_size(void);
/* Passes every key through, until terminal_restore; nothing happens when stdin is no terminal. */
void terminal_raw(bool processing_output);
void terminal_restore(void);

/* ---- signals.c ---- */

/* From now on signals are read from the descriptor that this returns. */
int signals_open(void);
/* Ends that. */
void signals_close(int fd);
/* The next signal that came, or 0. */
int signals_next(int fd);
/* Does what `signal` would have done to this process; returns when it was to stop, and goes on. */
void signals_default(int signal);

/* ---- inlet.c: frames that come in ---- */

struct inlet {
	int fd;         /* -1: not open */
	int passed[2];  /* descriptors that came along, or -1 */
	uint32_t begin; /* what was read and not yet taken: data[begin..end) */
	uint32_t end;
	uint8_t data[FRAME_LIMIT];
	struct frame frame; /* the one being taken */
	uint32_t header;    /* bytes of it that are there */
	uint32_t left;      /* bytes of its payload not yet taken */
	bool heard;         /* something has come */
	bool reset;         /* the other side has ended without reading all that it was sent */
};

/* Reads once without waiting. False: the other side has ended, fd is closed. */
bool inlet_read(struct inlet *inlet);
/* True when there is a frame whose payload, or a part of it, can be taken. */
bool inlet_frame(struct inlet *inlet, const char *peer);
/* Payload at hand, at most what is left of this frame. */
uint32_t inlet_available(const struct inlet *inlet);
/* Takes `size` bytes of the payload at hand. */
void inlet_take(struct inlet *inlet, uint32_t size);
void inlet_close(struct inlet *inlet);

/* ---- uplink.c: what goes to the monitor ---- */

struct uplink {
	int fd;           /* the monitor's stream, or -1 */
	bool open;        /* stdin has not ended */
	bool ended;       /* STDIN_EOF is still to be sent */
	bool resized;     /* RESIZE is still to be sent */
	bool detached;    /* all detach keys have been typed */
	uint8_t held;     /* how many of them have been typed and are held back */
	uint8_t keys[DETACH_KEYS]; /* what they are, up to a zero; without any, nobody looks */
	uint64_t signals; /* SIGNALs still to be sent, bit n-1 for n */
	uint32_t begin;   /* what is still to be sent: data[begin..end) */
	uint32_t end;
	uint8_t data[FRAME_LIMIT + 1024];
};

/* Whether a new frame can be made now. */
bool uplink_idle(const struct uplink *uplink);
/* Makes frames of what is pending and of what stdin has, as long as the monitor takes them. */
void uplink_pump(struct uplink *uplink, struct stream *in, bool readable);

/* ---- launch.c: a launcher of our own, for a container in the caller's tree of processes ---- */

/*
 * Starts the program passed[0] with passed[1] as its control socket. The descriptors 3 to 2 + kept
 * stay open in it, 3 as number 3 + kept; both of passed are closed.
 */
void launch(const int *passed, uint32_t kept);
/* Waits for its end, if there was one: what it leaves is then the caller's. */
void launch_wait(void);

/* ---- relay.c ---- */

/* What relay says of an engine that was about to end and has not read the request. */
#define NOT_TAKEN (-1)

/*
 * Carries frames, the terminal and signals until the engine says the exit code. `taken`: the engine
 * has the whole request, as far as is known.
 */
int relay(int engine, bool taken);

#endif
