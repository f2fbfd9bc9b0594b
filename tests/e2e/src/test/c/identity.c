/* What a process sees of itself, as JSON with sorted, stable names: compared with a golden file. */
#define _GNU_SOURCE
#include "probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void status_lines(void)
{
	static const char *const wanted[] = {"Uid",    "Gid",    "Groups", "CapInh", "CapPrm",
					     "CapEff", "CapBnd", "CapAmb", "NoNewPrivs",
					     "Seccomp", "SigBlk", "SigIgn", "SigCgt", "Threads"};
	char line[512];
	FILE *status = fopen("/proc/self/status", "r");

	while (status && fgets(line, sizeof line, status)) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = 0;
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
			char *value = colon + 1;

			if (strcmp(line, wanted[i]) != 0)
				continue;
			value += strspn(value, " \t");
			value[strcspn(value, "\n")] = 0;
			for (char *c = value; *c; c++)
				*c = *c == '\t' ? ' ' : *c;
			for (size_t n = strlen(value); n && value[n - 1] == ' '; n--)
				value[n - 1] = 0;
			printf("  \"%s\": \"%s\",\n", line, value);
		}
	}
	if (status)
		fclose(status);
}

static void limits(void)
{
	static const char *const names[] = {"cpu",	"fsize",  "data",	"stack",  "core",  "rss",
					    "nproc",	"nofile", "memlock",	"as",	  "locks", "sigpending",
					    "msgqueue", "nice",	  "rtprio",	"rttime"};

	for (int i = 0; i < 16; i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("  \"rlimit_%s\": \"%lld %lld\",\n", names[i], (long long)limit.rlim_cur,
			       (long long)limit.rlim_max);
	}
}

static int number_order(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

static void descriptors(void)
{
	int found[256];
	size_t count = 0;
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	while (directory && (entry = readdir(directory)) && count < 256)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory))
			found[count++] = atoi(entry->d_name);
	if (directory)
		closedir(directory);
	qsort(found, count, sizeof *found, number_order);
	printf("  \"descriptors\": \"");
	for (size_t i = 0; i < count; i++)
		printf(i ? " %d" : "%d", found[i]);
	printf("\",\n");
}

static void file_line(const char *name, const char *path)
{
	char text[512] = "";
	FILE *file = fopen(path, "r");
	size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;

	if (file)
		fclose(file);
	while (length && text[length - 1] == '\n')
		text[--length] = 0;
	printf("  \"%s\": \"", name);
	for (size_t i = 0, gap = 0; i < length; i++) {
		if (text[i] == ' ' || text[i] == '\n') {
			gap = 1;
			continue;
		}
		if (gap && i)
			putchar(' ');
		gap = 0;
		putchar(text[i]);
	}
	printf("\",\n");
}

static void namespaces(void)
{
	static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64], target[64] = "";

		snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		if (readlink(path, target, sizeof target - 1) > 0)
			printf("  \"ns_%s\": \"%s\",\n", names[i], target);
	}
}

int identity(void)
{
	char cwd[4096] = "?";
	mode_t mask = umask(0);
	int death = -1;

	prctl(PR_GET_PDEATHSIG, &death);
	printf("{\n");
	status_lines();
	limits();
	descriptors();
	namespaces();
	file_line("uid_map", "/proc/self/uid_map");
	file_line("gid_map", "/proc/self/gid_map");
	file_line("setgroups", "/proc/self/setgroups");
	file_line("oom_score_adj", "/proc/self/oom_score_adj");
	file_line("label", "/proc/self/attr/current");
	for (char **variable = environ; *variable; variable++)
		printf("  \"env_%.*s\": \"%s\",\n", (int)strcspn(*variable, "="), *variable,
		       *variable + strcspn(*variable, "=") + 1);
	printf("  \"cwd\": \"%s\",\n", getcwd(cwd, sizeof cwd) ? cwd : "?");
	printf("  \"umask\": \"%03o\",\n", (unsigned)mask);
	printf("  \"pid\": \"%d\",\n", getpid());
	printf("  \"session\": \"%d\",\n", getsid(0));
	printf("  \"group\": \"%d\",\n", getpgid(0));
	printf("  \"securebits\": \"%d\",\n", prctl(PR_GET_SECUREBITS));
	printf("  \"dumpable\": \"%d\",\n", prctl(PR_GET_DUMPABLE));
	printf("  \"death_signal\": \"%d\",\n", death);
	printf("  \"subreaper\": \"%d\",\n", ({ int v = -1; prctl(PR_GET_CHILD_SUBREAPER, &v); v; }));
	printf("  \"personality\": \"%x\",\n", personality(0xffffffff));
	printf("  \"nice\": \"%d\",\n", getpriority(PRIO_PROCESS, 0));
	printf("  \"tty\": \"%s\"\n", isatty(0) ? "yes" : "no");
	printf("}\n");
	return 0;
}
