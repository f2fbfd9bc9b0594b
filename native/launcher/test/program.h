/* A program run by a launcher, with everything that a monitor keeps. */
#ifndef KAPSEL_PROGRAM_H
#define KAPSEL_PROGRAM_H

#include "drive.h"

enum { FRAME_STDIN, FRAME_STDIN_EOF, FRAME_RESIZE, FRAME_SIGNAL };
enum { FRAME_STDOUT = 1, FRAME_STDERR, FRAME_EXIT };
enum { IN = 1, OUT = 2, ERR = 4 };
enum { PID_SLOT = 300, PIDFD_SLOT };

struct program {
	struct draft draft;
	struct launcher launcher;
	struct message started;
	uint64_t log_limit;
	uint64_t flags;
	bool terminal;
};

/* The steps before CLONE: inputs, roles. */
void prepare(struct program *program);
/* The steps that follow CLONE in the init half: 0, 1 and 2. */
void connect_streams(struct program *program);
void finish_with(struct program *program, const char *const *argv);
void prepare_shell(struct program *program, const char *script);
void launch_program(struct program *program);

/* `script` by the host's shell; STARTED has been heard. */
void start_shell(struct program *program, const char *script);

int attach_to(int control, int wants);
/* One whose socket takes only `room` bytes, or as few as the kernel allows. */
int attach_narrow(int control, int wants, int room);
void send_frame(int client, uint8_t type, const void *payload, uint32_t length);
/* All of a stream up to EXIT; what comes on others is dropped. */
void read_whole(int fd, void *to, size_t size);
size_t read_stream(int client, uint8_t stream, char *to, size_t room, int *status);
int exit_of(struct program *program); /* by EXITED */
int recorded_status(void);
int connect_again(void); /* to the monitor, as another engine does */

#endif
