/*
 * Whoever did a system call that is done in its place, and how to act with that one's rights.
 *
 * Two processes do it. The doer keeps the rights of the host, and touches nothing but descriptors. Its
 * child becomes the caller: namespaces, root, ids, capabilities. That one alone resolves paths, so that
 * a path leads where it leads the caller and nowhere else, and leaves what it found in a table of
 * descriptors that both share.
 */
#ifndef KAPSEL_CALLER_H
#define KAPSEL_CALLER_H

#include <linux/seccomp.h>
#include <stdint.h>

#include "view.h"

enum {
	LONGEST_PATH = 4096,
	MOST_GROUPS_OF_ONE = 256,
	FOUND = 100, /* the descriptor of what the child has found */
	PREPARED = 101, /* that of what it is to attach */
};

/* What kinds of calls are done for a guest: bits in a listener. */
enum policy { POLICY_NODES = 1, POLICY_ATTRIBUTES = 2, POLICY_MOUNTS = 4, POLICY_FIRST_TYPE = 8 };

/* Not done here: the kernel does it, with the caller's own rights. */
enum { LEFT_TO_KERNEL = 1 };

struct caller {
	int listener;
	const struct seccomp_notif *asked;
	const struct guest *guest;
	uint32_t policy;
	int memory;
	int root;
	int start; /* where relative paths begin */
	int mounts;
	int users;
	uint32_t user[4]; /* real, effective, saved, of files: as the host numbers them */
	uint32_t group[4];
	uint32_t groups[MOST_GROUPS_OF_ONE];
	unsigned int group_count;
	uint64_t capabilities;
	unsigned int mask;
};

/*
 * Opens what there is of the caller, and only then asks whether it still waits, since its number
 * may be somebody else's by now; start is the descriptor that its paths begin at. 0, or a negated
 * errno, or LEFT_TO_KERNEL for one that is in another user namespace than the guest's own.
 */
long open_caller(struct caller *caller, int start);

int has_capability(const struct caller *caller, unsigned int number);

/* Copies a text out of its memory, once; its length, or a negated errno. */
long copy_text(const struct caller *caller, uint64_t from, char *to, size_t size);
long copy_bytes(const struct caller *caller, uint64_t from, void *to, size_t size);

/* What the child does as the caller; 0 or a negated errno. */
typedef long deed(const struct caller *caller, const void *argument);

/* Does it, in the guest's control group too when `inside` is set, where its devices are guarded. */
long as_caller(const struct caller *caller, int inside, deed *act, const void *argument);

/* For a deed: opens beneath the caller's root, without leaving it through links of /proc. */
long open_as_caller(const char *path, uint64_t flags);

/* The rights of the host that are needed, and the caller's ids for what is made. */
long keep_only(const struct caller *caller, uint64_t capabilities);

long make_node(const struct caller *caller);
long set_attribute(const struct caller *caller);
long mount_device(const struct caller *caller);
uint32_t policy_of(const char *words);

/* What the doer and its child end by, whatever they wait for. */
void limit_time(void);

#endif
