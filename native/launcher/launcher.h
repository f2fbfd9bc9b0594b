/* What the parts of the launcher share. */
#ifndef KAPSEL_LAUNCHER_H
#define KAPSEL_LAUNCHER_H

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "kernel.h"
#include "plan.h"
#include "start.h"
#include "syscall.h"

/* Number 3 is the control socket in the launcher and the monitor, the sync socket in the init half.
 */
enum { CONTROL = 3, SYNC_OF_INIT = 3 };

enum message_type {
	MESSAGE_SEGMENT = 1,
	MESSAGE_SPAWN,
	MESSAGE_ATTACH,
	MESSAGE_SIGNAL,
	MESSAGE_ADOPT,
	MESSAGE_DONE = 16,
	MESSAGE_FAILED,
	MESSAGE_STARTED,
	MESSAGE_EXITED,
	MESSAGE_NOTICE,
	MESSAGE_ATTACHED,
};

struct message {
	uint32_t type;
	int32_t a;
	int32_t b;
	int32_t c;
};

enum sync_type { SYNC_PASS, SYNC_FAILED, SYNC_NOTICE, SYNC_PID, SYNC_SEGMENT };

struct sync_message {
	uint32_t type;
	uint32_t a;
	uint32_t b;
};

enum half { HALF_MONITOR, HALF_INIT };
enum { TTYS = 12 };
enum role {
	ROLE_LOG_DIRECTORY,
	ROLE_EXIT_RECORD,
	ROLE_LISTENER,
	ROLE_STDIN,
	ROLE_STDOUT,
	ROLE_STDERR,
	ROLE_PTY,
	ROLE_LOG_LIMIT,
	ROLE_FLAGS,
	ROLE_SYNC,
	ROLE_CONSOLE,
	ROLE_TTYS, /* of each, both sides */
	ROLES = ROLE_TTYS + 2 * TTYS,
};
static inline int is_descriptor(int role)
{
	return role <= ROLE_PTY || role >= ROLE_CONSOLE;
}

enum { FLAG_STDIN_ONCE = 1, FLAG_DETACHED = 2 };

/* A step that failed, on one side. index -1: the segment was refused. */
struct failure {
	int32_t half;
	int32_t step;
	int32_t error;
};

struct launch {
	int64_t slots[SLOTS];
	int64_t roles[ROLES];
	int keeper; /* to the keeper, or -1 */
	int sync; /* to the other half, or -1 */
	int init; /* pid of the container's init, or 0 */
	int init_pidfd;
	uint16_t init_slot; /* where the plan knows that pid */
	int half;
	uint32_t segment;    /* how many came before the one that runs */
	struct failure peer; /* what the init half said, error 0: nothing */
};

extern struct launch launch;

/* interpret.c: runs a list; 0, or -1 with `failure` filled. */
int run_steps(const struct plan *plan, const struct step *steps, uint32_t count,
	      struct failure *failure);

/* rooted.c */
long open_proc(int64_t pid, const char *path, int64_t flags);
long open_in_root(int root, const char *path, uint64_t want, uint32_t mode);

/* halves.c: the two halves and what passes between them. */
long split(const struct plan *plan, uint64_t flags, int64_t cgroup, const struct step *step);
long pass(const int64_t *descriptors, int count);
long take(int64_t *results, int count);
void tell_sync(uint32_t type, uint32_t a, uint32_t b);
long move_sync(int number);
int await_exec(void);
void hear_last_words(void);
_Noreturn void init_half(const struct plan *plan);
long become_reaper(void);
void become_parent(void);
long execute(char *const *candidates, char *const *argv, char *const *envp);

/* control.c */
int map_segment(int memfd, struct plan *plan);
void unmap_segment(const struct plan *plan);
long send_message(int socket, uint32_t type, int a, int b, int c, int descriptor);
long receive_message(int socket, void *message, size_t size, int *descriptors, int *count);
long send_descriptors(int socket, const void *message, size_t size, const int *descriptors,
		      int count);

/* relay.c: which terminal a client got, 0 the first streams, or a negative errno. */
int attach(int fd, int wants, int number, int alone);

/* monitor.c: from STARTED to the end. Clients may be there before. */
_Noreturn void monitor(void);

/* The same for one whose monitor was killed; `ends` tells how it ends. */
_Noreturn void monitor_another(int ends);

/* A descriptor that can be read when a child has ended; they are left to wait4(2). */
int watch_children(void);

/* keeper.c: how a program ended; what monitors say, and whether that could not be said yet. */
struct end {
	int status;
	struct rusage usage;
};
enum { KEEP_ALL = 1, KEEP_NO_INPUT = 2 };
int tell_keeper(uint32_t types);

/* Forks: the parent becomes the keeper and does not return, the child goes on. */
void leave_keeper(void);

/* log.c */
void log_keep(int directory, uint64_t limit);
void log_write(int stream, const void *bytes, size_t size);
void log_end(void);

static inline void close_fd(int fd)
{
	if (fd >= 0)
		syscall1(__NR_close, fd);
}

_Noreturn static inline void leave(int code)
{
	for (;;)
		syscall1(__NR_exit_group, code);
}

#endif
