/* The entry of a program without a libc, and the two functions that the compiler itself calls. */
#ifndef KAPSEL_START_H
#define KAPSEL_START_H

#include <stddef.h>

/* The program. argv and envp end in NULL, as the kernel laid them out; the result is the exit code.
 */
int kapsel_main(int argc, char **argv, char **envp);

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

#endif
