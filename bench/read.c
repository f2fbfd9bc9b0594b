/* read FILE COUNT: opens, reads and closes it that often; prints the median in microseconds. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	static char buffer[65536];
	int count = argc == 3 ? atoi(argv[2]) : 0;
	double *took = calloc((size_t)(count > 0 ? count : 1), sizeof(*took));

	for (int i = 0; i < count; i++) {
		double start = now();
		int fd = open(argv[1], O_RDONLY);
		long size = read(fd, buffer, sizeof(buffer));

		close(fd);
		took[i] = now() - start;
		if (size <= 0)
			return 1;
	}
	if (count < 1)
		return 2;
	qsort(took, (size_t)count, sizeof(*took), compare);
	printf("%.1f\n", took[count / 2]);
	return 0;
}
