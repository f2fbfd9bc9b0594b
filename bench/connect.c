/*
 * connect serve PORT: accepts connections, answers a byte with a byte and closes.
 * connect ask ADDRESS PORT MILLISECONDS: connects, sends a byte, gets one and resets, one connection after the
 * other from each of four processes; prints how many there were a second.
 *
 * Nothing is forked or read for a connection, so that what is measured is mostly the way between the two.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ASKING 4
#define WAITING 512

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void serve(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	int on = 1;
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;

	if (setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(listening, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listening, WAITING) < 0)
		fail("serve");
	for (;;) {
		int one = accept(listening, NULL, NULL);

		if (one >= 0 && read(one, &byte, 1) == 1 && write(one, &byte, 1) < 0)
			perror("write");
		close(one);
	}
}

/* A reset leaves nothing behind in this host: thousands of ends that wait would slow down what comes next. */
static int ask(const struct sockaddr_in *address)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	struct timeval patience = {.tv_sec = 2};
	int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte = 'x';
	int answered;

	if (setsockopt(one, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0 ||
	    setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		fail("socket");
	answered = connect(one, (const struct sockaddr *)address, sizeof(*address)) == 0 && write(one, &byte, 1) == 1 &&
		   read(one, &byte, 1) == 1;
	close(one);
	return answered;
}

static long askUntil(const struct sockaddr_in *address, long long end)
{
	long count = 0;

	while (now() < end)
		count += ask(address);
	return count;
}

static void measure(const char *host, int port, long long millis)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	long long begin = now();
	long all = 0;
	long part;
	int ends[2];

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1 || pipe(ends) < 0)
		fail(host);
	for (int i = 0; i < ASKING; i++) {
		if (fork() == 0) {
			part = askUntil(&address, begin + millis * 1000000);
			exit(write(ends[1], &part, sizeof(part)) != sizeof(part));
		}
	}
	close(ends[1]);
	while (read(ends[0], &part, sizeof(part)) == sizeof(part))
		all += part;
	while (wait(NULL) > 0)
		;
	printf("%.0f\n", (double)all * 1e9 / (double)(now() - begin));
}

int main(int count, char **words)
{
	if (count == 3 && strcmp(words[1], "serve") == 0)
		serve(atoi(words[2]));
	if (count != 5 || strcmp(words[1], "ask") != 0)
		return 2;
	measure(words[2], atoi(words[3]), atoll(words[4]));
	return 0;
}
