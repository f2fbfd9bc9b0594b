#include "client.h"

#include <linux/errno.h>
#include <linux/mman.h>

#include "kernel.h"
#include "start.h"
#include "syscall.h"

/* The strings of a request while they are put one behind the other. */
struct strings {
	char *data;
	size_t size;
};

static uint32_t add(struct strings *strings, char *const *texts)
{
	uint32_t count = 0;

	for (; texts[count] != NULL; count++) {
		size_t size = length_of(texts[count]) + 1;

		if (strings->data != NULL)
			memcpy(strings->data + strings->size, texts[count], size);
		strings->size += size;
	}
	return count;
}

static char *allocate(size_t size)
{
	long address = syscall6(__NR_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (address < 0 && address >= -4095)
		FAIL("cannot send the request: ", reason(address));
	return (char *)address;
}

static uint32_t terminals(void)
{
	uint32_t flags = 0;

	for (int fd = 0; fd < 3; fd++)
		flags |= is_terminal(fd) ? 1u << fd : 0;
	return flags;
}

static uint32_t current_umask(void)
{
	long mask = syscall1(__NR_umask, 077);

	syscall1(__NR_umask, mask);
	return (uint32_t)mask;
}

/* The first byte carries the descriptors; the rest follows however much the socket takes at once.
 */
static long send_all(int engine, const char *data, size_t size)
{
	struct {
		struct kernel_control head;
		int fds[3];
	} control = {{sizeof(struct kernel_control) + 3 * sizeof(int), KERNEL_SOL_SOCKET,
		      KERNEL_SCM_RIGHTS},
		     {0, 1, 2}};
	struct iovec part = {(void *)(uintptr_t)data, size};
	struct kernel_message message = {.parts = &part,
					 .part_count = 1,
					 .control = &control,
					 .control_length = sizeof(control)};

	while (part.iov_len > 0) {
		long sent = syscall3(__NR_sendmsg, engine, &message, KERNEL_MSG_NOSIGNAL);

		if (sent == -EINTR)
			continue;
		if (sent < 0)
			return sent;
		part.iov_base = (char *)part.iov_base + sent;
		part.iov_len -= (size_t)sent;
		message.control = NULL;
		message.control_length = 0;
	}
	return 0;
}

bool send_request(int engine, char **argv, char **envp)
{
	char directory[PATH_SIZE];
	char *const last[] = {directory, NULL};
	struct strings strings = {NULL, sizeof(struct request)};
	struct terminal_size size = terminal_size();
	struct request request = {REQUEST_MAGIC, REQUEST_VERSION, 0,         0,           0,
				  terminals(),   current_umask(), size.rows, size.columns};
	long error = syscall2(__NR_getcwd, directory, sizeof(directory));

	if (error < 0)
		FAIL("cannot find the working directory: ", reason(error));
	request.argc = add(&strings, argv);
	request.envc = add(&strings, envp);
	add(&strings, last);
	request.length = (uint32_t)(strings.size - sizeof(request));
	if (strings.size - sizeof(request) > REQUEST_LIMIT)
		FAIL("cannot send the request: arguments and environment exceed 4 MiB");
	strings.data = allocate(strings.size);
	memcpy(strings.data, &request, sizeof(request));
	strings.size = sizeof(request);
	add(&strings, argv);
	add(&strings, envp);
	add(&strings, last);
	error = send_all(engine, strings.data, strings.size);
	syscall2(__NR_munmap, strings.data, strings.size);
	/* An engine that has refused already has said why: that is still to be read. */
	if (error < 0 && error != -EPIPE && error != -ECONNRESET)
		FAIL("cannot send the request: ", reason(error));
	return error == 0;
}
