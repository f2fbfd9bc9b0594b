#include "client.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#include "kernel.h"
#include "syscall.h"

/* What poll(2) promises for a pipe that is ready. */
#define SURE_SIZE 4096
#define FIRST_PTY_MAJOR 136
#define LAST_PTY_MAJOR 143

/*
 * The descriptors are shared with whoever started this process, so O_NONBLOCK must not be set on
 * them. A pipe or a terminal can be opened anew, which gives an open file of our own that has the
 * flag; opening a regular file anew would lose its shared position, and it never waits anyway.
 */
static bool open_anew(struct stream *stream, const struct statx *status)
{
	char path[] = "/proc/self/fd/0";
	int mode = stream->fd == 0 ? O_RDONLY : O_WRONLY;
	bool terminal = (status->stx_mode & S_IFMT) == S_IFCHR &&
		status->stx_rdev_major >= FIRST_PTY_MAJOR &&
		status->stx_rdev_major <= LAST_PTY_MAJOR;
	long fd;

	if ((status->stx_mode & S_IFMT) != S_IFIFO && !terminal)
		return false;
	path[sizeof(path) - 2] = (char)('0' + stream->fd);
	fd = syscall4(__NR_openat, AT_FDCWD, path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	stream->fd = (int)fd;
	return true;
}

static void prepare(struct stream *stream)
{
	struct statx status;

	stream->kind = STREAM_POLLED;
	if (syscall5(__NR_statx, stream->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0)
		return;
	if ((status.stx_mode & S_IFMT) == S_IFSOCK)
		stream->kind = STREAM_SOCKET;
	else if ((status.stx_mode & S_IFMT) == S_IFREG || open_anew(stream, &status))
		stream->kind = STREAM_DIRECT;
}

static bool ready(int fd, short events)
{
	struct pollfd one = {fd, events, 0};
	struct __kernel_timespec now = {0, 0};

	return syscall5(__NR_ppoll, &one, 1, &now, NULL, 0) > 0;
}

long stream_read(struct stream *stream, void *data, size_t size)
{
	if (stream->kind == STREAM_UNKNOWN)
		prepare(stream);
	if (stream->kind == STREAM_SOCKET)
		return syscall6(__NR_recvfrom, stream->fd, (long)data, (long)size,
				KERNEL_MSG_DONTWAIT, 0, 0);
	if (stream->kind == STREAM_POLLED && !ready(stream->fd, POLLIN))
		return -EAGAIN;
	return syscall3(__NR_read, stream->fd, data, size);
}

long stream_write(struct stream *stream, const void *data, size_t size)
{
	if (stream->kind == STREAM_UNKNOWN)
		prepare(stream);
	if (stream->kind == STREAM_SOCKET)
		return syscall6(__NR_sendto, stream->fd, (long)data, (long)size,
				KERNEL_MSG_DONTWAIT | KERNEL_MSG_NOSIGNAL, 0, 0);
	if (stream->kind == STREAM_POLLED) {
		if (!ready(stream->fd, POLLOUT))
			return -EAGAIN;
		size = size < SURE_SIZE ? size : SURE_SIZE;
	}
	return syscall3(__NR_write, stream->fd, data, size);
}
