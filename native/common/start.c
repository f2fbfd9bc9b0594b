#include "start.h"

#include "syscall.h"

#if defined(__x86_64__)
__asm__(".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call kapsel_start\n"
	"	hlt\n");
#else
__asm__(".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x0, sp\n"
	"	and sp, x0, #-16\n"
	"	b kapsel_start\n");
#endif

/* What _start calls with the stack as the kernel left it: argc, argv, NULL, envp, NULL, ... */
__attribute__((noreturn, used)) void kapsel_start(long *stack);

void kapsel_start(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);
	int code = kapsel_main(argc, argv, argv + argc + 1);

	for (;;)
		syscall1(__NR_exit_group, code);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	char *t = to;
	const char *f = from;

#if defined(__x86_64__)
	__asm__ volatile("rep movsb" : "+D"(t), "+S"(f), "+c"(size) : : "memory");
#else
	while (size-- > 0)
		*t++ = *f++;
#endif
	return to;
}

void *memset(void *to, int value, size_t size)
{
	char *t = to;

#if defined(__x86_64__)
	__asm__ volatile("rep stosb" : "+D"(t), "+c"(size) : "a"(value) : "memory");
#else
	while (size-- > 0)
		*t++ = (char)value;
#endif
	return to;
}
