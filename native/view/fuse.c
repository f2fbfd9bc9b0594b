/* The file system; see fuse(4) and the kernel's linux/fuse.h. */
#include <linux/errno.h>
#include <linux/fuse.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "start.h"
#include "syscall.h"
#include "view.h"

enum {
	REQUEST_SIZE = 8192, /* the kernel gives nothing to who has less room */
	TEXT_SIZE = 1 << 19,
	MOST_KEPT = 256,
	ROOT = 1,
	FILE_BITS = 6,
	GUEST_BITS = 14,
	FOREVER = 1 << 30,
};

/* The first serial makes a number above ROOT. */
_Static_assert(FILES <= 1 << FILE_BITS && MOST_GUESTS <= 1 << GUEST_BITS, "node");

/*
 * A text of which a reader has only had a part. Most readers take all at once, and nothing is kept
 * for them but its length, for the read that finds the end.
 */
struct kept {
	uint64_t node; /* 0: nobody */
	size_t length;
	char *text; /* or NULL */
	size_t room;
};

/*
 * After an open comes a read, nearly always. What it will see is made while the reader still wakes
 * up, and is what was true a moment ago only if it comes at once.
 */
struct ahead {
	uint64_t handle; /* 0: nothing */
	uint64_t made;
	size_t length;
};

static struct ahead ahead;
static struct kept all_kept[MOST_KEPT];
static char request[REQUEST_SIZE + 1] __attribute__((aligned(8)));
static char output[TEXT_SIZE];

static uint64_t node_of(const struct guest *guest, enum file file)
{
	uint64_t index = (uint64_t)(guest - state->guests);

	return guest->serial << (FILE_BITS + GUEST_BITS) | index << FILE_BITS | file;
}

static struct guest *guest_of(uint64_t node, enum file *file)
{
	uint64_t index = node >> FILE_BITS & ((1 << GUEST_BITS) - 1);
	uint64_t serial = node >> (FILE_BITS + GUEST_BITS);

	*file = (enum file)(node & ((1 << FILE_BITS) - 1));
	if (serial == 0 || index >= MOST_GUESTS || *file >= FILES ||
	    state->guests[index].serial != serial)
		return NULL;
	return &state->guests[index];
}

static void reply(uint64_t unique, int error, const void *body, size_t size)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + size), .error = error, .unique = unique};
	struct {
		const void *base;
		size_t length;
	} parts[] = {{&header, sizeof(header)}, {body, size}};

	/* ENOENT: whoever asked was interrupted. */
	syscall3(__NR_writev, FUSE_DEVICE, parts, size > 0 ? 2 : 1);
}

static void initialise(uint64_t unique, const struct fuse_init_in *in)
{
	/* Since 6.12: the owners are shown in the ids of whoever mounts a part of it. */
	enum { EXTENDED = 1 << 30, ALLOW_IDMAP = 1 << 8 };
	int extended = in->minor >= 36 && (in->flags & EXTENDED) != 0;
	struct fuse_init_out out = {
		.flags = extended ? EXTENDED : 0,
		.flags2 = extended ? in->flags2 & ALLOW_IDMAP : 0,
		.major = FUSE_KERNEL_VERSION,
		.minor = in->minor < FUSE_KERNEL_MINOR_VERSION ? in->minor
							       : FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
		.max_background = 16,
		.congestion_threshold = 12,
		.time_gran = 1,
	};

	reply(unique, 0, &out, sizeof(out));
}

/* The longest text of each file so far, of whatever guest. */
static size_t longest[FILES];

/* Makes the whole text, in output. */
static size_t rendered(struct guest *guest, enum file file)
{
	struct text text = {output, output, output + sizeof(output)};
	size_t length;

	ahead.handle = 0;
	if (file == FILE_DIRECTORY)
		return 0;
	render(guest, file, &text);
	length = (size_t)(text.at - text.start);
	if (longest[file] < length)
		longest[file] = length;
	return length;
}

/*
 * With a size of 0, who asks for pages (sendfile, splice) would meet the end of the file at once. It is not that of
 * the text, which is made anew for each reader, but well beyond it; as one block, so that nobody skips the first ones.
 */
static struct fuse_attr attributes_of(uint64_t node, struct guest *guest, enum file file)
{
	enum { PAGE = 4096, UNIT = 512 };
	struct fuse_attr out = {.ino = node, .mode = S_IFDIR | 0555, .nlink = 2, .blksize = PAGE};

	if (file == FILE_DIRECTORY)
		return out;
	out.mode = S_IFREG | 0444;
	out.nlink = 1;
	if (longest[file] == 0)
		rendered(guest, file);
	while (out.blksize < 2 * longest[file])
		out.blksize *= 2;
	out.size = out.blksize;
	out.blocks = out.size / UNIT;
	return out;
}

static void look_up(const struct fuse_in_header *in, const char *name)
{
	enum file file = FILE_DIRECTORY;
	struct guest *guest = in->nodeid == ROOT ? guest_by_id(name) : guest_of(in->nodeid, &file);
	struct fuse_entry_out out = {.attr_valid = FOREVER};
	size_t length = length_of(name) + 1;

	if (guest == NULL || file != FILE_DIRECTORY) {
		reply(in->unique, -ENOENT, NULL, 0);
		return;
	}
	if (in->nodeid != ROOT) {
		for (file = FILE_CPUINFO; file < FILES; file++)
			if (same(name, file_name(file), length))
				break;
		if (file == FILES) {
			reply(in->unique, -ENOENT, NULL, 0);
			return;
		}
	}
	out.nodeid = node_of(guest, file);
	out.attr = attributes_of(out.nodeid, guest, file);
	reply(in->unique, 0, &out, sizeof(out));
}

static void get_attributes(const struct fuse_in_header *in)
{
	enum file file = FILE_DIRECTORY;
	struct guest *guest = in->nodeid == ROOT ? NULL : guest_of(in->nodeid, &file);
	struct fuse_attr_out out = {.attr_valid = FOREVER};

	if (in->nodeid != ROOT && guest == NULL) {
		reply(in->unique, -ESTALE, NULL, 0);
		return;
	}
	out.attr = attributes_of(in->nodeid, guest, file);
	reply(in->unique, 0, &out, sizeof(out));
}

static void drop_text(struct kept *kept)
{
	if (kept->text != NULL)
		syscall2(__NR_munmap, kept->text, kept->room);
	kept->text = NULL;
}

/* A handle is an index and the worker that gave it, as another worker knows no texts. */
static struct kept *kept_of(uint64_t handle, uint64_t node)
{
	uint64_t index = (handle & UINT32_MAX) - 1;

	if (handle >> 32 != state->epoch || index >= MOST_KEPT || all_kept[index].node != node)
		return NULL;
	return &all_kept[index];
}

/* The same, unless it was made for this reader just now. */
static size_t text_for(uint64_t handle, struct guest *guest, enum file file)
{
	enum { NANOS = 500000 };

	if (ahead.handle == 0 || ahead.handle != handle || boot_time() - ahead.made > NANOS)
		return rendered(guest, file);
	ahead.handle = 0;
	return ahead.length;
}

static void open_file(const struct fuse_in_header *in)
{
	struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO};
	enum file file;
	struct guest *guest = guest_of(in->nodeid, &file);

	if (guest == NULL) {
		reply(in->unique, -ESTALE, NULL, 0);
		return;
	}
	for (uint32_t i = 0; i < MOST_KEPT; i++) {
		if (all_kept[i].node == 0) {
			all_kept[i] = (struct kept){.node = in->nodeid};
			out.fh = (uint64_t)state->epoch << 32 | (i + 1);
			break;
		}
	}
	reply(in->unique, 0, &out, sizeof(out));
	if (out.fh != 0) {
		ahead.length = rendered(guest, file);
		ahead.made = boot_time();
		ahead.handle = out.fh;
	}
}

static void release(const struct fuse_in_header *in, const struct fuse_release_in *what)
{
	struct kept *kept = kept_of(what->fh, in->nodeid);

	if (kept != NULL) {
		drop_text(kept);
		kept->node = 0;
	}
	reply(in->unique, 0, NULL, 0);
}

/* For whoever reads on. Without room, or a handle, each read sees what is true then. */
static void keep(struct kept *kept, const char *text, size_t length)
{
	size_t room = (length + 4095) & ~(size_t)4095;
	long at = syscall6(__NR_mmap, 0, (long)room, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at < 0 && at > -4096)
		return;
	kept->text = (char *)at;
	kept->room = room;
	memcpy(kept->text, text, length);
}

static void read_file(const struct fuse_in_header *in, const struct fuse_read_in *what)
{
	enum file file;
	struct guest *guest = guest_of(in->nodeid, &file);
	struct kept *kept = kept_of(what->fh, in->nodeid);
	const char *text = output;
	size_t length;

	if (guest == NULL || file == FILE_DIRECTORY) {
		reply(in->unique, guest == NULL ? -ESTALE : -EISDIR, NULL, 0);
		return;
	}
	/* For a page, which would be kept and shared; who asked for it reads instead. */
	if (!(what->read_flags & FUSE_READ_LOCKOWNER)) {
		reply(in->unique, -EINVAL, NULL, 0);
		return;
	}
	if (what->offset > 0 && kept != NULL && what->offset >= kept->length) {
		reply(in->unique, 0, NULL, 0);
		return;
	}
	if (what->offset > 0 && kept != NULL && kept->text != NULL) {
		text = kept->text;
		length = kept->length;
	} else {
		length = text_for(what->fh, guest, file);
	}
	if (kept != NULL && what->offset == 0) {
		drop_text(kept);
		kept->length = length;
		if (what->size < length)
			keep(kept, text, length);
	}
	if (what->offset >= length)
		length = 0;
	else
		length = length - what->offset < what->size ? length - what->offset : what->size;
	reply(in->unique, 0, text + what->offset, length);
}

static void tell_room(const struct fuse_in_header *in)
{
	struct fuse_statfs_out out = {.st = {.bsize = 4096, .namelen = 255, .frsize = 4096}};

	reply(in->unique, 0, &out, sizeof(out));
}

static void list(const struct fuse_in_header *in)
{
	reply(in->unique, 0, NULL, 0); /* whoever may look knows the names */
}

static void answer(const struct fuse_in_header *in, const void *body)
{
	switch (in->opcode) {
	case FUSE_INIT:
		initialise(in->unique, body);
		break;
	case FUSE_LOOKUP:
		look_up(in, body);
		break;
	case FUSE_GETATTR:
		get_attributes(in);
		break;
	case FUSE_OPEN:
		open_file(in);
		break;
	case FUSE_READ:
		read_file(in, body);
		break;
	case FUSE_RELEASE:
		release(in, body);
		break;
	case FUSE_READDIR:
		list(in);
		break;
	case FUSE_STATFS:
		tell_room(in);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break; /* nobody waits for an answer to these */
	default:
		reply(in->unique, -ENOSYS, NULL, 0);
	}
}

/* Answers one request; 0 when there is none, negative when the file system is gone. */
int fuse_step(void)
{
	long size = syscall3(__NR_read, FUSE_DEVICE, request, REQUEST_SIZE);

	if (size < 0)
		return size == -ENODEV || size == -ENOTCONN || size == -EBADF ? (int)size : 0;
	request[size] = '\0';
	if ((size_t)size >= sizeof(struct fuse_in_header))
		answer((const void *)request, request + sizeof(struct fuse_in_header));
	return 1;
}

/*
 * After an open comes a read, and who reads in a loop comes back: to be awake saves the reader the
 * time in which an idle processor wakes up. Where that is in vain, as when the reader has to wait
 * for this very processor, it is tried ever less often.
 */
int fuse_await(void)
{
	enum { NANOS = 60000, MOST_PAUSES = 1024 };
	static unsigned int pauses;
	static unsigned int next = 1;
	uint64_t end;

	if (pauses > 0) {
		pauses--;
		return 0;
	}
	end = boot_time() + NANOS;
	do {
		int step = fuse_step();

		if (step != 0) {
			next = 1;
			return step;
		}
	} while (boot_time() < end);
	pauses = next;
	next = next < MOST_PAUSES ? next * 2 : MOST_PAUSES;
	return 0;
}

/* Asks for what the worker before this one had taken and not answered; since 6.9. */
void fuse_resend(void)
{
	enum { NOTIFY_RESEND = 7 };

	reply(0, NOTIFY_RESEND, NULL, 0);
}
