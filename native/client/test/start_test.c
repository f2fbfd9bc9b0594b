/* How the client finds the engine, or starts it. The starter is a script that runs this program. */
#define _GNU_SOURCE
#include "fake.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void install_starter(const char *script)
{
	write_file(path_of("lib/kapsel/kapseld"), script, 0755);
}

/* A starter whose engine serves clients until `seconds` have passed; each start adds a line to a
 * file. */
static void install_engine(const char *before)
{
	char *script = NULL;

	CHECK(asprintf(&script, "#!/bin/sh\necho started >>%s/starts\n%s\nexec %s --engine %s\n",
		       directory, before, self, directory) > 0);
	install_starter(script);
}

static int run_client(char **errors)
{
	struct client client = start_client("run");
	int code;

	close(client.in);
	*errors = read_all(client.err);
	code = finish(&client);
	close(client.out);
	close(client.err);
	return code;
}

static char *content(const char *name)
{
	int fd = open(path_of(name), O_RDONLY);

	CHECK(fd >= 0);
	return read_all(fd);
}

static void an_engine_is_started_when_there_is_none(void)
{
	char *errors;

	install_engine("");
	CHECK(run_client(&errors) == 7);
	CHECK(strcmp(errors, "") == 0);
	CHECK(run_client(&errors) == 7);
	CHECK(strcmp(content("starts"), "started\n") == 0);
}

static void ten_clients_at_once_start_one_engine(void)
{
	struct client clients[10];

	install_engine("sleep 0.2");
	for (int i = 0; i < 10; i++)
		clients[i] = start_client("run");
	for (int i = 0; i < 10; i++)
		CHECK(finish(&clients[i]) == 7);
	CHECK(strcmp(content("starts"), "started\n") == 0);
}

static void a_socket_that_was_left_behind_is_no_engine(void)
{
	char *errors;

	close(listen_as_engine());
	install_engine("");
	CHECK(run_client(&errors) == 7);
}

static void an_engine_that_ends_unasked_is_asked_again(void)
{
	int listener = listen_as_engine();
	struct client client = start_client("run");
	int engine = accept_client(listener);

	usleep(50000); /* the request has come, and stays unread */
	close(engine);
	engine = accept_client(listener);
	receive_request(engine);
	send_word(engine, FROM_EXIT, 6);
	CHECK(finish(&client) == 6);
}

static void the_engine_gets_nothing_of_the_caller(void)
{
	char *errors;
	char *environment;

	setenv("JAVA_TOOL_OPTIONS", "-Dx", 1);
	setenv("LD_PRELOAD_NOT", "x", 1);
	setenv("SECRET", "x", 1);
	setenv("KAPSEL_IDLE", "x", 1);
	install_engine(
		"env >$4/environment; umask >$4/umask; pwd >$4/pwd; ls /proc/self/fd >$4/fds;"
		"readlink /proc/self/fd/0 >$4/stdin; cut -d' ' -f6,7 /proc/self/stat >$4/session");
	mkdir(path_of("state"), 0700);
	CHECK(run_client(&errors) == 7);
	environment = content("state/environment");
	CHECK(strstr(environment, "JAVA_TOOL_OPTIONS") == NULL &&
	      strstr(environment, "LD_") == NULL);
	CHECK(strstr(environment, "SECRET") == NULL &&
	      strstr(environment, "KAPSEL_IDLE=x") != NULL);
	CHECK(strcmp(content("state/umask"), "0022\n") == 0);
	CHECK(strcmp(content("state/pwd"), "/\n") == 0);
	CHECK(strcmp(content("state/stdin"), "/dev/null\n") == 0);
	/* 3 is the pipe by which its death is seen, 4 is ls(1)'s own. */
	CHECK(strcmp(content("state/fds"), "0\n1\n2\n3\n4\n") == 0);
	CHECK(strstr(content("state/session"), " 0\n") != NULL);
}

static void an_engine_that_fails_is_quoted(void)
{
	char *errors;

	mkdir(path_of("run"), 0700);
	write_file(path_of("run/engine.log"), "an old line\n", 0600);
	install_starter("#!/bin/sh\necho first; echo 'kapseld: no JDK 25' >&2; exit 1\n");
	CHECK(run_client(&errors) == 125);
	CHECK(strcmp(errors, "kapsel: cannot start the engine: kapseld: no JDK 25\n") == 0);
	install_starter("#!/bin/sh\nexit 1\n");
	CHECK(run_client(&errors) == 125);
	CHECK(strcmp(errors, "kapsel: cannot start the engine: it said nothing\n") == 0);
}

static void a_missing_starter_is_named(void)
{
	char *errors;

	CHECK(run_client(&errors) == 125);
	CHECK(strstr(errors, "cannot start the engine: kapsel: cannot execute '") != NULL);
	CHECK(strstr(errors, "/lib/kapsel/kapseld': no such file or directory (ENOENT)\n") != NULL);
}

static void a_slow_engine_is_announced(void)
{
	char *errors;

	install_engine("sleep 5.3");
	CHECK(run_client(&errors) == 7);
	CHECK(strstr(errors, "kapsel: still waiting for the engine to start; its log is '") !=
	      NULL);
}

static void places_that_cannot_be_used_are_refused(void)
{
	char *errors;
	char *bin = path_of("bin/kapsel");
	char command[512];

	snprintf(command, sizeof(command), "KAPSEL_RUN=relative %s 2>%s/e; test $? = 125", bin,
		 directory);
	CHECK(system(command) == 0);
	CHECK(strcmp(content("e"),
		     "kapsel: cannot use 'relative': KAPSEL_RUN must be an absolute path\n") == 0);
	snprintf(command, sizeof(command),
		 "KAPSEL_RUN=/$(printf %%0110d 0) %s 2>%s/e; test $? = 125", bin, directory);
	CHECK(system(command) == 0);
	CHECK(strstr(content("e"), "a socket has at most 107 bytes") != NULL);
	write_file(path_of("file"), "", 0600);
	snprintf(command, sizeof(command), "KAPSEL_RUN=%s/file %s 2>%s/e; test $? = 125", directory,
		 bin, directory);
	CHECK(system(command) == 0);
	CHECK(strstr(content("e"), "not a directory (ENOTDIR)") != NULL);
	(void)errors;
}

/* Root may do everything, so this looks as somebody else when it can, else at a mode of 0. */
static void another_users_engine_is_out_of_reach(void)
{
	char *errors;

	listen_as_engine();
	CHECK(chmod(directory, 0711) == 0);
	if (geteuid() == 0)
		CHECK(setuid(65534) == 0);
	else
		CHECK(chmod(path_of("run"), 0) == 0);
	CHECK(run_client(&errors) == 125);
	CHECK(strstr(errors, "kapsel.sock': permission denied (EACCES); it takes") != NULL);
}

static void a_run_directory_of_another_user_is_not_trusted(void)
{
	char *errors;

	if (geteuid() != 0) {
		setenv("KAPSEL_RUN", "/proc", 1);
		CHECK(system(path_of("bin/kapsel")) == 125 << 8);
		return;
	}
	CHECK(chown(path_of("run"), 65534, 65534) == 0);
	CHECK(run_client(&errors) == 125);
	CHECK(strstr(errors, "belongs to another user\n") != NULL);
}

static void closed_descriptors_are_filled(void)
{
	int listener = listen_as_engine();
	struct client client;
	struct received received;
	struct stat status;
	struct stat null;
	int engine;

	if ((client.pid = fork()) == 0) {
		setenv("KAPSEL_RUN", path_of("run"), 1);
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		execl(path_of("bin/kapsel"), "kapsel", (char *)NULL);
	}
	engine = accept_client(listener);
	received = receive_request(engine);
	CHECK(stat("/dev/null", &null) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(fstat(received.fds[i], &status) == 0 && status.st_rdev == null.st_rdev);
	send_frame(engine, FROM_STDOUT, "lost", 4);
	send_word(engine, FROM_EXIT, 4);
	CHECK(finish(&client) == 4);
}

const struct test START_TESTS[] = {
	{"an engine is started when there is none", an_engine_is_started_when_there_is_none},
	{"ten clients at once start one engine", ten_clients_at_once_start_one_engine},
	{"a socket that was left behind is no engine", a_socket_that_was_left_behind_is_no_engine},
	{"an engine that ends unasked is asked again", an_engine_that_ends_unasked_is_asked_again},
	{"the engine gets nothing of the caller", the_engine_gets_nothing_of_the_caller},
	{"an engine that fails is quoted", an_engine_that_fails_is_quoted},
	{"a missing starter is named", a_missing_starter_is_named},
	{"a slow engine is announced", a_slow_engine_is_announced},
	{"places that cannot be used are refused", places_that_cannot_be_used_are_refused},
	{"another user's engine is out of reach", another_users_engine_is_out_of_reach},
	{"a run directory of another user is not trusted",
	 a_run_directory_of_another_user_is_not_trusted},
	{"closed descriptors are filled", closed_descriptors_are_filled},
	{NULL, NULL},
};
