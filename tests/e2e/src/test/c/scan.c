/* Sweeps: every system call number, and every file of /proc, /sys and /dev. */
#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int leave_out(long number)
{
	static const long harmless[] = {SYS_exit,	   SYS_exit_group, SYS_rt_sigreturn, SYS_fork, SYS_vfork,
					SYS_clone,	   SYS_pause,	   SYS_rt_sigsuspend, SYS_kill, SYS_tkill,
					SYS_select,	   SYS_poll,	   SYS_rt_sigtimedwait, SYS_read, SYS_vhangup,
					SYS_sync,	   SYS_restart_syscall};

	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (harmless[i] == number)
			return 1;
	return 0;
}

int system_calls(void)
{
	int *result = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (long number = 0; number <= 1000; number++) {
		int status = 0;
		pid_t pid;

		if (leave_out(number))
			continue;
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			alarm(2);
			*result = syscall(number, 0, 0, 0, 0, 0, 0) < 0 ? errno : 0;
			_exit(0);
		}
		waitpid(pid, &status, 0);
		if (WIFSIGNALED(status))
			printf("%ld %s\n", number, sigabbrev_np(WTERMSIG(status)));
		else
			printf("%ld %s\n", number, error_name(*result));
	}
	return 0;
}

static int own_process(const char *path)
{
	return strncmp(path, "/proc/", 6) == 0 &&
	       (strspn(path + 6, "0123456789") > 0 || strncmp(path + 6, "self", 4) == 0 ||
		strncmp(path + 6, "thread-self", 11) == 0);
}

static int try_writable(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	int fd;

	(void)walk;
	if (own_process(path))
		return kind == FTW_D ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
	if (kind != FTW_F || S_ISFIFO(status->st_mode))
		return FTW_CONTINUE;
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0) {
		printf("%s\n", path);
		close(fd);
	}
	return FTW_CONTINUE;
}

int writable_files(void)
{
	int failed = nftw("/proc", try_writable, 32, FTW_PHYS | FTW_ACTIONRETVAL) |
		     nftw("/sys", try_writable, 32, FTW_PHYS | FTW_ACTIONRETVAL) |
		     nftw("/dev", try_writable, 32, FTW_PHYS | FTW_ACTIONRETVAL);

	return failed ? 1 : 0;
}

/* Prints "path first-bytes-count errno" for what must tell nothing. */
int readable_secrets(void)
{
	static const char *const paths[] = {"/proc/kcore",	"/proc/keys",	     "/proc/timer_list",
					    "/proc/latency_stats", "/proc/interrupts", "/proc/sched_debug",
					    "/proc/kmsg",	"/proc/kallsyms",    "/proc/acpi",
					    "/proc/scsi",	"/proc/asound",	     "/sys/firmware",
					    "/sys/devices/virtual/powercap", "/proc/timer_stats"};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		char bytes[65536];
		struct stat status;
		ssize_t count = 0;
		int fd = open(paths[i], O_RDONLY | O_NONBLOCK);

		if (fd < 0) {
			printf("%s %s\n", paths[i], error_name(errno));
			continue;
		}
		if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
			count = syscall(SYS_getdents64, fd, bytes, sizeof bytes);
			printf("%s %s\n", paths[i], count <= 48 ? "empty" : "entries");
		} else {
			count = read(fd, bytes, sizeof bytes - 1);
			bytes[count > 0 ? count : 0] = 0;
			if (strcmp(paths[i], "/proc/kallsyms") == 0 && strncmp(bytes, "0000000000000000", 16) == 0)
				count = 0;
			printf("%s %s\n", paths[i], count > 0 ? "bytes" : "empty");
		}
		close(fd);
	}
	return 0;
}
