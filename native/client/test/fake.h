/* A client under test, and the engine and monitor that it talks to: this process plays both. */
#ifndef KAPSEL_FAKE_H
#define KAPSEL_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "../wire.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			exit(1); \
		} \
	} while (0)

struct client {
	pid_t pid;
	int in, out, err; /* our ends of its stdio */
	int terminal;     /* the master, when it runs in a terminal */
	int slave;
};

/* What a request said. */
struct received {
	struct request head;
	char *strings;
	int fds[3];
};

extern char directory[64];        /* of this test, made anew: bin/, lib/, run/ */
extern const char *client_binary; /* the program under test */
extern const char *emulator;      /* what runs it when it is for another architecture, or NULL */
extern const char *self;          /* this program */

struct test {
	const char *name;
	void (*run)(void);
};
extern const struct test RELAY_TESTS[], TERMINAL_TESTS[], START_TESTS[];

/* Listens at run/kapsel.sock. */
int listen_as_engine(void);
/* Starts the client with `command` in argv[1]; with a terminal as its stdio, or pipes. */
struct client start_client(const char *command);
struct client start_client_in_terminal(const char *command);
int accept_client(int listener);
struct received receive_request(int engine);
/* listen, start, accept and receive in one. */
int serve_client(struct client *client);
int serve_client_in_terminal(struct client *client);

void send_frame(int socket, int type, const void *payload, uint32_t size);
void send_word(int socket, int type, uint32_t word);
/* Sends ATTACH; the result is the monitor's end of the attachment. */
int send_attach(int engine, uint32_t flags);
/* Reads one frame, waiting for it; the result is its type, or -1 at the end. */
int next_frame(int socket, void *payload, uint32_t *size);
/* The next frame must be of that type and begin with that word. */
void expect_word(int socket, int type, uint32_t word);
void expect_end(int socket);

/* All that comes until the end, with a NUL behind it. */
char *read_all(int fd);
void write_all(int fd, const void *data, size_t size);
/* Waits for the client; the result is its exit code, or minus the signal that ended it. */
int finish(const struct client *client);
void wait_until_stopped(const struct client *client);
bool is_raw(int terminal);
/* Waits, with a deadline, until the terminal is (not) raw. */
void await_raw(int terminal, bool raw);
void write_file(const char *path, const char *text, mode_t mode);
char *path_of(const char *name);

#endif
