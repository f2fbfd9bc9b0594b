/* The no-op that every launch of the benchmark runs: static, no libc, nothing to load. */
__attribute__((noreturn)) void _start(void)
{
#ifdef __x86_64__
	__asm__ volatile("syscall" : : "a"(231), "D"(0) : "rcx", "r11", "memory");
#else
	register long number __asm__("x8") = 94;
	register long code __asm__("x0") = 0;

	__asm__ volatile("svc 0" : : "r"(number), "r"(code) : "memory");
#endif
	__builtin_unreachable();
}
