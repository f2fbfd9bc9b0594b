#include "client.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "start.h"
#include "syscall.h"

#define FIRST_NAMESPACE "user:[4026531837]"

static void append(char *to, const char *part)
{
	size_t length = length_of(to);

	if (!join(to + length, PATH_SIZE - length, part, ""))
		FAIL("cannot reach the engine in '", to, "': ", reason(-ENAMETOOLONG));
}

static const char *decimal(char *end, unsigned long number)
{
	*--end = '\0';
	do
		*--end = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return end;
}

/* The number of the user namespace, or empty in the host's own. */
static void user_namespace(char *number, size_t size)
{
	char link[64];
	long length =
		syscall4(__NR_readlinkat, AT_FDCWD, "/proc/self/ns/user", link, sizeof(link) - 1);
	size_t prefix = length_of("user:[");

	number[0] = '\0';
	if (length <= (long)prefix || (size_t)length > size)
		return;
	link[length] = '\0';
	if (starts_with(link, FIRST_NAMESPACE))
		return;
	link[length - 1] = '\0';
	join(number, size, link + prefix, "");
}

/* A user's own engine keeps its things where the user keeps his. */
static void users_places(char *const *envp, unsigned long uid, const char *space,
			 struct places *places)
{
	char digits[24];
	const char *home = variable(envp, "HOME=", "");

	join(places->run, PATH_SIZE, variable(envp, "XDG_RUNTIME_DIR=", ""), "");
	if (places->run[0] == '\0') {
		append(places->run, "/tmp/kapsel-");
		append(places->run, decimal(digits + sizeof(digits), uid));
	}
	join(places->state, PATH_SIZE, variable(envp, "XDG_DATA_HOME=", ""), "");
	if (places->state[0] == '\0')
		append(places->state, home[0] == '\0' ? places->run : home);
	if (variable(envp, "XDG_DATA_HOME=", "")[0] == '\0' && home[0] != '\0')
		append(places->state, "/.local/share");
	append(places->run, "/kapsel");
	append(places->state, "/kapsel");
	/* Ids mean something else in each user namespace, and so each has an engine. */
	if (space[0] != '\0') {
		append(places->run, "-");
		append(places->run, space);
	}
}

void find_places(char *const *envp, struct places *places)
{
	char space[32];
	unsigned long uid = (unsigned long)syscall0(__NR_geteuid);
	int has_directory = variable(envp, "XDG_RUNTIME_DIR=", "")[0] != '\0';

	places->run[0] = places->state[0] = '\0';
	user_namespace(space, sizeof(space));
	if (uid != 0 || (space[0] != '\0' && has_directory)) {
		users_places(envp, uid, space, places);
	} else {
		append(places->run, configured(envp, "KAPSEL_RUN=", "/run/kapsel"));
		append(places->state, configured(envp, "KAPSEL_STATE=", "/var/lib/kapsel"));
	}
	if (!join(places->run, PATH_SIZE, variable(envp, "KAPSEL_RUN=", places->run), "") ||
	    !join(places->state, PATH_SIZE, variable(envp, "KAPSEL_STATE=", places->state), ""))
		FAIL("cannot reach the engine: ", reason(-ENAMETOOLONG));
}
