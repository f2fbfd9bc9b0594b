/* What the monitor relays: the container's streams, the log, the attached clients. */
#ifndef KAPSEL_RELAY_H
#define KAPSEL_RELAY_H

#include "launcher.h"

enum { CLIENTS = 128, CHUNK = 65536, TYPED = 4096, FRAME = 8, NONBLOCK = 04000 };

struct client {
	int fd;
	int wants;
	int sent_stdin;
	uint32_t sent; /* bytes of the chunk that it has taken */
	uint32_t have; /* bytes of the frame's head that have come */
	uint32_t left; /* bytes of the payload that have not come yet */
	uint8_t head[FRAME];
	uint8_t small[8]; /* the payload of a frame that is not STDIN */
	uint32_t small_have;
};

struct relay {
	struct client clients[CLIENTS];
	int client_count;
	int input, output, error, pty;
	int input_ends;      /* once what was typed is written */
	uint32_t chunk_size; /* head and payload; 0: empty */
	uint32_t chunk_stream;
	uint32_t input_at, input_size;
	uint8_t chunk[FRAME + CHUNK];
	uint8_t typed[TYPED];
};

/* The console, or what a program has instead, and the terminals besides it. */
enum { RELAYS = 1 + TTYS };

extern struct relay relays[RELAYS];

/* What is polled for the relay, in this order; a negative descriptor is passed over by the kernel.
 */
enum { P_INPUT, P_OUTPUT, P_ERROR, P_PTY, P_CLIENTS, RELAY_PLACES = RELAYS * (P_CLIENTS + CLIENTS) };

void relay_open(void);

/* Returns how many places are in use. */
int relay_watch(struct pollfd *p);
void relay_act(const struct pollfd *p);

/* Takes what is in the program's streams into the chunk. 0: there is nothing for now. */
int relay_fetch(void);

/* Nobody is waited for any longer. */
void relay_drop_clients(void);

/* Tells every client the status; 0 once all were told. */
int relay_say_goodbye(int status);

void signal_init(int number);
void set_nonblocking(int fd);

#endif
