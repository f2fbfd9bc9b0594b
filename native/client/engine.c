#include "client.h"

#include <asm/stat.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/un.h>

#include "kernel.h"
#include "start.h"
#include "syscall.h"

#define SOCKET_NAME "/kapsel.sock"
#define STARTER "/lib/kapsel/kapseld"
#define LOG_LIMIT (1u << 20)
#define LOCK_NOW 6 /* LOCK_EX | LOCK_NB of flock(2) */

#define RETRY_MILLIS 2
#define SLOW_MILLIS 5000
#define PATIENCE_MILLIS 60000

static struct places places;

/* One start of the engine, by this client or by another that was first. */
struct start {
	struct sockaddr_un address;
	int lock;
	bool locked;
	int log;
	long log_size; /* before the start: what is older says nothing about it */
	int life;      /* reads as ended when the engine has; -1 before this client starts it */
};

static void place(char *to, const char *directory, const char *name)
{
	if (!join(to, PATH_SIZE, directory, name))
		FAIL("cannot use '", directory, "': ", reason(-ENAMETOOLONG));
}

static void absolute(const char *path, const char *name)
{
	if (path[0] != '/')
		FAIL("cannot use '", path, "': ", name, " must be an absolute path");
}

static void find_places(char *const *envp)
{
	const char *run = variable(envp, "KAPSEL_RUN=", "/run/kapsel");
	const char *state = variable(envp, "KAPSEL_STATE=", "/var/lib/kapsel");

	absolute(run, "KAPSEL_RUN");
	absolute(state, "KAPSEL_STATE");
	place(places.run, run, "");
	place(places.state, state, "");
	place(places.log, run, "/engine.log");
	place(places.lock, run, "/start.lock");
}

/* The starter of the same installation: beside the directory of this very program. */
static void find_starter(void)
{
	char own[PATH_SIZE];
	long length = syscall4(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", own, sizeof(own) - 1);

	if (length < 0)
		FAIL("cannot start the engine: '/proc/self/exe': ", reason(length));
	for (int up = 0; up < 2; up++) {
		while (length > 0 && own[length - 1] != '/')
			length--;
		length -= length > 0;
	}
	own[length] = '\0';
	place(places.starter, own, STARTER);
}

static struct sockaddr_un address_of_engine(void)
{
	struct sockaddr_un address = {.sun_family = KERNEL_AF_UNIX};

	if (!join(address.sun_path, sizeof(address.sun_path), places.run, SOCKET_NAME))
		FAIL("cannot reach the engine at '", places.run, SOCKET_NAME,
		     "': the path of a socket has at most 107 bytes; choose a shorter KAPSEL_RUN");
	return address;
}

/* A connected socket, or -1 when no engine listens there. */
static int try_connect(const struct sockaddr_un *address)
{
	long fd =
		syscall3(__NR_socket, KERNEL_AF_UNIX, KERNEL_SOCK_STREAM | KERNEL_SOCK_CLOEXEC, 0);
	long error = fd;

	if (fd >= 0) {
		do
			error = syscall3(__NR_connect, fd, address, sizeof(*address));
		while (error == -EINTR);
		if (error == 0)
			return (int)fd;
		syscall1(__NR_close, fd);
	}
	if (error == -EACCES || error == -EPERM)
		FAIL("cannot reach the engine at '", address->sun_path, "': ", reason(error),
		     "; it takes commands only from the user that it runs as");
	if (error != -ENOENT && error != -ECONNREFUSED)
		FAIL("cannot reach the engine at '", address->sun_path, "': ", reason(error));
	return -1;
}

/* Nobody else may own the directory: he could put his own socket where ours is looked for. */
static void make_run_directory(void)
{
	struct statx status;
	long error = syscall3(__NR_mkdirat, AT_FDCWD, places.run, 0700);

	if (error < 0 && error != -EEXIST)
		FAIL("cannot start the engine: cannot create '", places.run, "': ", reason(error));
	error = syscall5(__NR_statx, AT_FDCWD, places.run, 0, STATX_BASIC_STATS, &status);
	if (error < 0)
		FAIL("cannot start the engine: '", places.run, "': ", reason(error));
	if (status.stx_uid != (uint32_t)syscall0(__NR_geteuid))
		FAIL("cannot start the engine: '", places.run, "' belongs to another user");
}

static int open_file(const char *path, int flags)
{
	long fd = syscall4(__NR_openat, AT_FDCWD, path,
			   flags | O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		FAIL("cannot start the engine: cannot open '", path, "': ", reason(fd));
	return (int)fd;
}

static long size_of(int fd)
{
	struct statx status;

	if (syscall5(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &status) != 0)
		return 0;
	return (long)status.stx_size;
}

/* A log that has grown is put aside, in place of the one before it. */
static void open_log(struct start *start)
{
	char old[PATH_SIZE];

	start->log = open_file(places.log, O_APPEND);
	start->log_size = size_of(start->log);
	if (start->log_size < LOG_LIMIT)
		return;
	place(old, places.log, ".1");
	syscall5(__NR_renameat2, AT_FDCWD, places.log, AT_FDCWD, old, 0);
	syscall1(__NR_close, start->log);
	start->log = open_file(places.log, O_APPEND);
	start->log_size = 0;
}

/* The last line that the engine has written since the start began. */
static const char *last_words(const struct start *start)
{
	static char tail[2048];
	long end = size_of(start->log);
	long from = end - (long)sizeof(tail) + 1;
	long size;

	from = from < start->log_size ? start->log_size : from;
	size = syscall4(__NR_pread64, start->log, tail, end - from, from);
	while (size > 0 && (tail[size - 1] == '\n' || tail[size - 1] == '\r'))
		size--;
	if (size <= 0)
		return "it said nothing";
	tail[size] = '\0';
	while (size > 0 && tail[size - 1] != '\n')
		size--;
	return tail + size;
}

static long now_millis(void)
{
	struct __kernel_timespec now;

	syscall2(__NR_clock_gettime, CLOCK_MONOTONIC, &now);
	return (long)now.tv_sec * 1000 + (long)now.tv_nsec / 1000000;
}

static bool has_ended(int life)
{
	char byte;

	return syscall3(__NR_read, life, &byte, 1) == 0;
}

/* One look at a start that has not led to a connection yet. True: worth another try at once. */
static bool advance(struct start *start, char *const *envp)
{
	if (!start->locked) {
		start->locked = syscall2(__NR_flock, start->lock, LOCK_NOW) == 0;
		/* Whoever had the lock may have started an engine in between. */
		return start->locked;
	}
	if (start->life < 0) {
		open_log(start);
		start->life = start_daemon(&places, start->log, envp);
	} else if (has_ended(start->life)) {
		FAIL("cannot start the engine: ", last_words(start));
	}
	return false;
}

static void give_up(const struct start *start)
{
	if (start->life < 0)
		FAIL("cannot start the engine: another client has been starting it for a minute");
	FAIL("cannot start the engine: it does not answer after a minute; '", places.log,
	     "' ends: ", last_words(start));
}

static int start_engine(struct start *start, char *const *envp)
{
	struct __kernel_timespec pause = {0, RETRY_MILLIS * 1000000L};
	long begin = now_millis();
	bool slow = false;
	int engine;

	make_run_directory();
	find_starter();
	start->lock = open_file(places.lock, 0);
	while ((engine = try_connect(&start->address)) < 0) {
		long waited = now_millis() - begin;

		if (waited > PATIENCE_MILLIS)
			give_up(start);
		if (waited > SLOW_MILLIS && !slow) {
			WARN("still waiting for the engine to start; its log is '", places.log,
			     "'");
			slow = true;
		}
		if (!advance(start, envp))
			syscall2(__NR_nanosleep, &pause, NULL);
	}
	syscall1(__NR_close, start->lock);
	if (start->life >= 0) {
		syscall1(__NR_close, start->life);
		syscall1(__NR_close, start->log);
	}
	return engine;
}

int connect_engine(char *const *envp)
{
	struct start start = {.life = -1};
	int engine;

	find_places(envp);
	start.address = address_of_engine();
	engine = try_connect(&start.address);
	return engine >= 0 ? engine : start_engine(&start, envp);
}
