/*
 * System calls that tell what the machine has, answered for guests that asked for it: sysinfo(2) and
 * sched_getaffinity(2); see seccomp_unotify(2). The launcher connects and hands over the descriptor
 * on which the kernel asks, with a document that names the guest and what is to be done for it.
 */
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>
#include <linux/seccomp.h>
#include <linux/sysinfo.h>
#include <linux/types.h>

#include "caller.h"
#include "kernel.h"
#include "start.h"
#include "syscall.h"
#include "view.h"

/* Programs of 32 bits number their calls alike on both. */
#if defined(__x86_64__)
enum { OWN_ARCHITECTURE = (int)AUDIT_ARCH_X86_64, NARROW_ARCHITECTURE = (int)AUDIT_ARCH_I386 };
#else
enum { OWN_ARCHITECTURE = (int)AUDIT_ARCH_AARCH64, NARROW_ARCHITECTURE = (int)AUDIT_ARCH_ARM };
#endif

enum { NARROW_SYSINFO = 116 };

enum { DOCUMENT_SIZE = 65536, LOAD_BITS = 16 - 11, MASK_BYTES = MOST_PROCESSORS / 8 };

/* The guest that the document names in "id":"...". */
static struct guest *named(const char *document)
{
	for (; *document != '\0'; document++)
		if (begins(document, "\"id\":\"") > 0)
			return guest_by_id(document + 6);
	return NULL;
}

/* What is done for it, by "metadata":"...", which stands before all that others may have written. */
static uint32_t policy_in(const char *document)
{
	for (; *document != '\0'; document++)
		if (begins(document, "\"metadata\":\"") > 0)
			return policy_of(document + 12);
	return 0;
}

static int keep_listener(uint64_t serial, int fd, uint32_t policy)
{
	for (int i = 0; i < MOST_LISTENERS; i++) {
		if (state->listeners[i].serial == 0) {
			if ((uint32_t)i >= state->most_listeners)
				state->most_listeners = (uint32_t)i + 1;
			state->listeners[i].serial = serial;
			state->listeners[i].fd = fd;
			state->listeners[i].policy = policy;
			return 0;
		}
	}
	return -ENOSPC;
}

static void take_listener(int connection)
{
	static char document[DOCUMENT_SIZE];
	union {
		struct kernel_control head;
		char bytes[sizeof(struct kernel_control) + 8];
	} control = {.bytes = {0}};
	struct iovec part = {document, sizeof(document) - 1};
	struct kernel_message message = {
		.parts = &part,
		.part_count = 1,
		.control = &control,
		.control_length = sizeof(control),
	};
	long size = syscall3(__NR_recvmsg, connection, &message, 0);
	const int *passed = (const int *)(control.bytes + sizeof(struct kernel_control));
	struct guest *guest;

	if (size <= 0 || message.control_length < sizeof(struct kernel_control) ||
	    control.head.type != KERNEL_SCM_RIGHTS)
		return;
	document[size] = '\0';
	guest = named(document);
	if (guest == NULL || keep_listener(guest->serial, *passed, policy_in(document)) < 0)
		syscall1(__NR_close, *passed);
}

/* The engine connects, and nobody else can; the launcher sends at once. */
void intercept_accept(void)
{
	long connection = syscall4(__NR_accept4, NOTIFY_LISTENER, 0, 0, KERNEL_SOCK_CLOEXEC);

	if (connection < 0)
		return;
	for (int i = 0; i < MOST_WAITING; i++) {
		if (intercept_waiting[i] < 0) {
			intercept_waiting[i] = (int)connection;
			return;
		}
	}
	syscall1(__NR_close, connection);
}

int intercept_waiting[MOST_WAITING];

void intercept_begin(void)
{
	for (int i = 0; i < MOST_WAITING; i++)
		intercept_waiting[i] = -1;
}

void intercept_receive(int index)
{
	take_listener(intercept_waiting[index]);
	syscall1(__NR_close, intercept_waiting[index]);
	intercept_waiting[index] = -1;
}

/*
 * Writes into the memory of whoever asks. It is opened first, and then the kernel is asked whether
 * that one still waits: its number may be somebody else's by now.
 */
static int answer_memory(int listener, const struct seccomp_notif *asked, uint64_t to,
			 const void *bytes, size_t size)
{
	char name[48];
	struct text path = {name, name, name + sizeof(name) - 1};
	uint64_t id = asked->id;
	long fd;
	long written = -EFAULT;

	put(&path, "/proc/");
	put_number(&path, asked->pid);
	put(&path, "/mem");
	*path.at = '\0';
	fd = syscall4(__NR_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC, 0);
	if (fd < 0)
		return -ESRCH;
	if (syscall3(__NR_ioctl, listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0)
		written = syscall4(__NR_pwrite64, fd, bytes, size, to);
	syscall1(__NR_close, fd);
	return written == (long)size ? 0 : -EFAULT;
}

static int find_info(const struct guest *guest, struct sysinfo *found)
{
	struct sysinfo info;
	struct totals totals;

	if (syscall1(__NR_sysinfo, &info) < 0)
		return -ENOSYS;
	info.uptime = (long)((boot_time() - guest->started) / 1000000000);
	for (int i = 0; i < 3; i++)
		info.loads[i] = (unsigned long)guest->load[i] << LOAD_BITS;
	info.procs = (uint16_t)read_number(guest->sources[SOURCE_TASKS], 1);
	if (find_totals(guest, &totals)) {
		info.mem_unit = 1;
		info.totalram = totals.memory;
		info.freeram = totals.memory_free;
		info.sharedram = totals.shared;
		info.bufferram = 0;
		info.totalswap = totals.swap;
		info.freeswap = totals.swap_free;
		info.totalhigh = 0;
		info.freehigh = 0;
	}
	*found = info;
	return 0;
}

static int answer_sysinfo(int listener, const struct guest *guest,
			  const struct seccomp_notif *asked)
{
	struct sysinfo info;
	int result = find_info(guest, &info);

	return result < 0 ? result
			  : answer_memory(listener, asked, asked->data.args[0], &info, sizeof(info));
}

/* struct sysinfo of a program of 32 bits. */
struct narrow_info {
	int32_t uptime;
	uint32_t loads[3];
	uint32_t memory[6]; /* total, free, shared, buffers, swap, free swap */
	uint16_t procs;
	uint16_t pad;
	uint32_t high[2];
	uint32_t unit;
	char rest[8];
};

_Static_assert(sizeof(struct narrow_info) == 64, "as the kernel has it");

/* Sizes that are too large are told in larger units, up to a page, as the kernel does it. */
static int answer_narrow_sysinfo(int listener, const struct guest *guest,
				 const struct seccomp_notif *asked)
{
	enum { PAGE_BITS = 12 };
	struct sysinfo info;
	struct narrow_info told = {0};
	int result = find_info(guest, &info);
	unsigned int shift = 0;

	if (result < 0)
		return result;
	const unsigned long sizes[6] = {info.totalram,	info.freeram,	info.sharedram,
					info.bufferram, info.totalswap, info.freeswap};
	if (sizes[0] >> 32 != 0 || sizes[4] >> 32 != 0)
		while (info.mem_unit << shift < 1u << PAGE_BITS)
			shift++;
	told.uptime = (int32_t)info.uptime;
	for (int i = 0; i < 3; i++)
		told.loads[i] = (uint32_t)info.loads[i];
	for (int i = 0; i < 6; i++)
		told.memory[i] = (uint32_t)(sizes[i] >> shift);
	told.procs = info.procs;
	told.unit = info.mem_unit << shift;
	return answer_memory(listener, asked, (uint32_t)asked->data.args[0], &told, sizeof(told));
}

/* The lowest of the processors that the task may really use, as many as its guest is shown. */
static long answer_affinity(int listener, const struct guest *guest,
			    const struct seccomp_notif *asked)
{
	uint64_t mask[MASK_BYTES / 8] = {0};
	struct processors processors;
	unsigned int seen = 0;
	uint64_t length = asked->data.args[1];
	long size = syscall3(__NR_sched_getaffinity, asked->pid,
			     length < sizeof(mask) ? length : sizeof(mask), mask);

	if (size <= 0)
		return size;
	find_processors(guest, &processors);
	for (unsigned int i = 0; i < MOST_PROCESSORS; i++) {
		if ((mask[i / 64] >> (i % 64) & 1) == 0)
			continue;
		if (seen++ >= processors.count)
			mask[i / 64] &= ~(1ull << (i % 64));
	}
	return answer_memory(listener, asked, asked->data.args[2], mask, (size_t)size) < 0 ? -EFAULT
											 : size;
}

static void answer(int listener, const struct guest *guest, const struct seccomp_notif *asked)
{
	struct seccomp_notif_resp answer = {.id = asked->id};
	long result = 0;
	int known = (int)asked->data.arch == OWN_ARCHITECTURE && guest != NULL;
	int narrow = (int)asked->data.arch == NARROW_ARCHITECTURE && guest != NULL;

	if (narrow && asked->data.nr == NARROW_SYSINFO)
		result = answer_narrow_sysinfo(listener, guest, asked);
	else if (known && asked->data.nr == __NR_sysinfo)
		result = answer_sysinfo(listener, guest, asked);
	else if (known && asked->data.nr == __NR_sched_getaffinity && asked->data.args[0] == 0)
		result = answer_affinity(listener, guest, asked);
	else
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE; /* the kernel's own answer */
	if (result < 0)
		answer.error = (int)result;
	else
		answer.val = result;
	syscall3(__NR_ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* Answers one question, or lets go of a listener that nobody is behind any more. */
void intercept_step(int index, short events)
{
	enum { READABLE = 1 };
	struct listener *listener = &state->listeners[index];
	struct seccomp_notif asked;
	struct guest *guest = guest_by_serial(listener->serial);

	if ((events & READABLE) == 0) {
		syscall1(__NR_close, listener->fd);
		listener->serial = 0;
		return;
	}
	memset(&asked, 0, sizeof(asked));
	if (syscall3(__NR_ioctl, listener->fd, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
		return;
	if (listener->policy != 0 && (int)asked.data.arch == OWN_ARCHITECTURE && is_deed(asked.data.nr))
		begin_deed(index, &asked);
	else
		answer(listener->fd, guest, &asked);
}
