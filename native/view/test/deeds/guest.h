/* A guest for the tests: root of a user namespace, whose calls the view is asked about. */
#ifndef KAPSEL_TEST_GUEST_H
#define KAPSEL_TEST_GUEST_H

#include <sys/types.h>

/* The host's number of the guest's root. */
enum { GUEST_ROOT = 500000, GUEST_IDS = 65536 };

/* What is tried inside; 0 when it went as it should. */
typedef int attempt(void);

struct view {
	pid_t pid;
	int control;
	char home[32];
};

struct view begin_view(const char *program);
void end_view(struct view *view);

/* Makes a guest of that number, which runs the attempt in the root of all tests. */
pid_t begin_guest(const struct view *view, int number, attempt *attempt);
/* Its exit code, or 99 when it was not there in time. */
int await_guest(pid_t guest);
/* With all that it has begun. */
void kill_guest(pid_t guest);

#endif
