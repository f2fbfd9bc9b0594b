/*
 * What the parts of the view share.
 *
 * The view serves, as a FUSE file system, the files of /proc and /sys that tell what a system
 * container has: a directory for each guest, whose files are bound over those of the guest's own
 * /proc. It outlives the engine. Two processes share one table of descriptors: the keeper, which
 * only waits, and the worker, which serves. All that must last lies in a memory file, so that the
 * worker may die, and the program be replaced, while guests read.
 */
#ifndef KAPSEL_VIEW_H
#define KAPSEL_VIEW_H

#include <stddef.h>
#include <stdint.h>

/* The descriptors that the program is started with. */
enum { FUSE_DEVICE = 3, LISTENER = 4, STATE = 5, NOTIFY_LISTENER = 6, FIRST_OTHER = 7 };

enum {
	MOST_GUESTS = 4096,
	MOST_DESCRIPTORS = 65536,
	ID_LENGTH = 64,
	TAG_LENGTH = 64,
	MOST_PROCESSORS = 1024,
	MOST_LISTENERS = 1024,
	MOST_WAITING = 16,
	MOST_DEEDS = 64,
	TICKS = 100, /* USER_HZ is 100 on every architecture here */
};

/* What of a guest's control groups is open, in the order of the bits in a message. */
enum source {
	SOURCE_GROUP, /* the version 2 directory, for its tasks */
	SOURCE_CPU,   /* cpu.stat of version 2 */
	SOURCE_TASKS, /* pids.current */
	SOURCE_MEMORY,
	SOURCE_MEMORY_MOST,
	SOURCE_MEMORY_STAT,
	SOURCE_SWAP, /* in version 1 these two count memory and swap */
	SOURCE_SWAP_MOST,
	SOURCE_QUOTA,  /* cpu.max, or cpu.cfs_quota_us */
	SOURCE_PERIOD, /* cpu.cfs_period_us */
	SOURCE_PROCESSORS,
	SOURCE_IO_BYTES, /* io.stat, or blkio.throttle.io_service_bytes_recursive */
	SOURCE_IO_COUNT, /* blkio.throttle.io_serviced_recursive */
	SOURCES,
};

enum guest_flag { GUEST_MEMORY_V1 = 1, GUEST_IO_V1 = 2 };

/* The files of a guest, by their place in its directory. */
enum file {
	FILE_DIRECTORY,
	FILE_CPUINFO,
	FILE_MEMINFO,
	FILE_STAT,
	FILE_UPTIME,
	FILE_LOADAVG,
	FILE_SWAPS,
	FILE_DISKSTATS,
	FILE_ONLINE,
	FILE_POSSIBLE,
	FILE_PRESENT,
	FILES,
};

/* Part of what lasts: what it means may not change without another STATE_VERSION. */
struct guest {
	uint64_t serial; /* never given twice; 0: nobody */
	char id[ID_LENGTH];
	uint64_t started; /* nanoseconds of CLOCK_BOOTTIME */
	uint32_t flags;
	int32_t sources[SOURCES]; /* descriptors, or -1 */
	/* What samples have told of its load. */
	uint64_t used; /* microseconds of processors at the last one */
	uint32_t load[3];
	uint32_t running;
	uint32_t blocked;
	uint32_t spare[16];
};

/* On which the kernel asks about system calls of a guest, whichever has that serial. */
struct listener {
	uint64_t serial; /* 0: nobody */
	int32_t fd;
	uint32_t policy; /* what is done for it, or 0; see caller.h */
};

enum { STATE_MAGIC = 0x7765764b, STATE_VERSION = 1 };

struct state {
	uint32_t magic;
	uint32_t version;
	uint64_t serials;
	uint32_t epoch;       /* how often a worker has begun */
	int32_t replacement;  /* a program to become, or -1 */
	uint64_t sampled;     /* nanoseconds of CLOCK_BOOTTIME */
	uint32_t most_guests; /* how far the table has been used */
	uint32_t most_listeners;
	uint32_t spare[8];
	char tag[TAG_LENGTH]; /* which build of the program this is */
	struct guest guests[MOST_GUESTS];
	struct listener listeners[MOST_LISTENERS];
};

extern struct state *state;

/* How a worker ends. */
enum { END_QUIT = 0, END_REPLACED = 42, END_ORPHANED = 43 };

/* Text that is being written: what does not fit is left out. */
struct text {
	char *start;
	char *at;
	char *end;
};

void put(struct text *text, const char *words);
void put_bytes(struct text *text, const char *bytes, size_t length);
void put_number(struct text *text, uint64_t number);
/* Right-aligned in that many columns. */
void put_padded(struct text *text, uint64_t number, unsigned int columns);
/* A number of hundredths, as 12.34. */
void put_hundredths(struct text *text, uint64_t hundredths);

int same(const char *a, const char *b, size_t length);
size_t length_of(const char *text);
/* The length of word if text begins with it, else 0. */
size_t begins(const char *text, const char *word);
/* The digits at *at, which moves behind them; a number too large is the largest. */
uint64_t take_number(const char **at);
/* Behind the next end of line, or at the end of the text. */
const char *next_line(const char *at);

/* The whole file in buffer, with a zero behind it; its length, or 0 when it cannot be read. */
size_t read_source(int fd, char *buffer, size_t size);
/* The same of a file that the kernel writes in one piece, so that one call has all of it. */
size_t read_piece(int fd, char *buffer, size_t size);
/* The first number of a file; `otherwise` when there is none, as in "max". */
uint64_t read_number(int fd, uint64_t otherwise);

/* What is the same for all guests. */
struct host {
	int meminfo;
	int cpuinfo;
	int diskstats;
	int online;
};

extern struct host host;

uint64_t boot_time(void); /* nanoseconds of CLOCK_BOOTTIME */
uint64_t real_time(void); /* seconds of CLOCK_REALTIME */

/* Microseconds of processors. */
struct usage {
	uint64_t total;
	uint64_t user;
	uint64_t system;
};

struct usage usage_of(const struct guest *guest);

/* The processors that a guest may use; bits of set, the lowest `count` of which it sees. */
struct processors {
	unsigned int count;
	uint64_t set[MOST_PROCESSORS / 64];
};

void find_processors(const struct guest *guest, struct processors *found);
void parse_processors(const char *list, struct processors *found);
int has_processor(const struct processors *processors, unsigned int number);

/* Writes what a file says. */
void render(const struct guest *guest, enum file file, struct text *text);
void render_meminfo(const struct guest *guest, struct text *text);
void render_swaps(const struct guest *guest, struct text *text);
void render_cpuinfo(const struct guest *guest, struct text *text);
void render_stat(const struct guest *guest, struct text *text);

/* In bytes. */
struct totals {
	uint64_t memory;
	uint64_t memory_free;
	uint64_t shared;
	uint64_t swap;
	uint64_t swap_free;
};

/* What sysinfo(2) says of memory; 0 when nobody counts it. */
int find_totals(const struct guest *guest, struct totals *totals);

const char *file_name(enum file file);

/* The worker. */
void open_host(void);
int serve(int keeper);
int fuse_step(void);
int fuse_await(void); /* as fuse_step, for the request that is likely to follow at once */
void fuse_resend(void);
int control_step(void);
int control_client(void); /* the descriptor of whoever is connected, or -1 */
void control_accept(void);
void sample_loads(void);

struct guest *guest_by_id(const char *id);
struct guest *guest_by_serial(uint64_t serial);

/* Connections on which a launcher is about to hand over a listener, or -1. */
extern int intercept_waiting[MOST_WAITING];
void intercept_begin(void);
void intercept_accept(void);
void intercept_receive(int index);
void intercept_step(int index, short events);

/* Calls that are done in processes of their own. */
struct seccomp_notif;
void begin_deeds(void);
int is_deed(int number);
void begin_deed(int index, const struct seccomp_notif *asked);
/* Whether the next call of that listener has to wait for others. */
int is_busy(int index);
/* What tells that one has ended, or -1. */
int deed_fd(int place);
void end_deed(int place);

#endif
