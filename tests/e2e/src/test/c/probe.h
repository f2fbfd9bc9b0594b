/* A static program that the tests run inside containers: it tells what it is, and tries what it must not do. */
#ifndef PROBE_H
#define PROBE_H

const char *error_name(int number);
int identity(void);
int attempts(void);
int system_calls(void);
int writable_files(void);
int readable_secrets(void);
int dig(long depth);
int name(long count);
int open_many(long most);
int greedy(void);
int burn(const char *what, const char *amount);

#endif
