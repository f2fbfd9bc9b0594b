/*
 * How the client finds the engine, or starts it: with the real starter, and a Java that is a script
 * which runs this program.
 */
#define _GNU_SOURCE
#include "fake.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STARTER "../dist/src/lib/kapseld"

/* The starter and a Java; `script` is what that does, after it has added a line to a file. */
static void install_java(const char *script)
{
	char *text = NULL;

	CHECK(asprintf(&text,
		       "cp %s %s/lib/kapsel/ && cd %s/lib/kapsel && "
		       "touch kapsel-test-$(pwd -P | cksum | cut -d' ' -f1)-25.0.9+1.aot",
		       STARTER, directory, directory) > 0 &&
	      system(text) == 0);
	write_file(path_of("lib/kapsel/build"), "test\n", 0644);
	CHECK(mkdir(path_of("java"), 0755) == 0 && mkdir(path_of("java/bin"), 0755) == 0);
	write_file(path_of("java/release"),
		   "A=\"1\"\nJAVA_RUNTIME_VERSION=\"25.0.9+1\"\nJAVA_VERSION=\"25.0.9\"\n", 0644);
	CHECK(asprintf(&text, "#!/bin/sh\necho started >>%s/starts\n%s", directory, script) > 0);
	write_file(path_of("java/bin/java"), text, 0755);
	setenv("JAVA_HOME", path_of("java"), 1);
}

/* An engine that serves clients for some seconds, after the commands in `before`. */
static void install_engine(const char *before)
{
	char *script = NULL;

	CHECK(asprintf(&script, "%s\nexec %s --engine %s\n", before, self, directory) > 0);
	install_java(script);
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
	char *script = NULL;

	setenv("JAVA_TOOL_OPTIONS", "-Dx", 1);
	setenv("LD_OTHER", "x", 1);
	setenv("SECRET", "x", 1);
	setenv("KAPSEL_LOG", "DEBUG", 1);
	CHECK(dup2(2, 77) == 77);
	CHECK(asprintf(&script,
		       "cd %s; env >environment; umask >umask; echo \"$*\" >options; readlink "
		       "/proc/$$/cwd"
		       " /proc/$$/fd/0 >places; ls /proc/$$/fd >fds; cut -d' ' -f6,7 /proc/$$/stat "
		       ">session",
		       path_of("")) > 0);
	install_engine(script);
	CHECK(run_client(&errors) == 7);
	environment = content("environment");
	CHECK(strstr(environment, "JAVA_TOOL") == NULL && strstr(environment, "LD_") == NULL);
	CHECK(strstr(environment, "SECRET") == NULL &&
	      strstr(environment, "KAPSEL_LOG=DEBUG") != NULL);
	CHECK(strcmp(content("umask"), "0022\n") == 0);
	CHECK(strstr(content("places"), "/dev/null\n") != NULL);
	/* 3 is the lock that tells that an engine lives. */
	CHECK(strstr(content("fds"), "77\n") == NULL && strstr(content("fds"), "3\n") != NULL);
	CHECK(strstr(content("session"), " 0\n") != NULL);
	CHECK(strstr(content("options"), path_of("lib/kapsel/kapsel-test-")) != NULL);
}

static void an_engine_that_fails_is_quoted(void)
{
	char *errors;

	write_file(path_of("run/engine.log"), "an old line\n", 0600);
	install_java("echo first; echo 'cannot listen: no' >&2; exit 1\n");
	CHECK(run_client(&errors) == 125);
	CHECK(strcmp(errors, "kapsel: cannot start the engine: cannot listen: no\n") == 0);
	write_file(path_of("java/bin/java"), "#!/bin/sh\nexit 1\n", 0755);
	CHECK(run_client(&errors) == 125);
	CHECK(strcmp(errors, "kapsel: cannot start the engine: it said nothing\n") == 0);
}

static void a_missing_java_is_named(void)
{
	char *errors;

	install_java("");
	write_file(path_of("java/release"), "JAVA_VERSION=\"17.0.15\"\n", 0644);
	CHECK(system("sed -i 's|/usr/lib/jvm|/none|g; s|/opt|/none|g' $(dirname "
		     "$JAVA_HOME)/lib/kapsel/kapseld") == 0);
	setenv("PATH", "/usr/bin:/bin", 1);
	if (system("java -version 2>&1 | grep -q 'version \"2[5-9]'") == 0)
		return; /* there is one in PATH, and it is used */
	CHECK(run_client(&errors) == 125);
	CHECK(strstr(errors, "there is no Java 25 or later") != NULL);
	CHECK(strstr(errors, "; install temurin-25-jdk or openjdk-25-jdk-headless\n") != NULL);
}

static void a_log_that_has_grown_is_put_aside(void)
{
	char *errors;

	install_engine("");
	write_file(path_of("run/engine.log"), "old\n", 0600);
	CHECK(truncate(path_of("run/engine.log"), 2 << 20) == 0);
	CHECK(run_client(&errors) == 7);
	CHECK(strcmp(content("run/engine.log"), "") == 0);
	CHECK(strncmp(content("run/engine.log.1"), "old\n", 4) == 0);
}

static void a_missing_starter_is_named(void)
{
	char *errors;

	CHECK(run_client(&errors) == 125);
	CHECK(strncmp(errors, "kapsel: cannot execute '", 24) == 0);
	CHECK(strstr(errors, "/lib/kapsel/kapseld': no such file or directory (ENOENT)\n") != NULL);
}

static void a_slow_engine_is_announced(void)
{
	char *errors;

	install_engine("sleep 7");
	CHECK(run_client(&errors) == 7);
	CHECK(strstr(errors, "kapsel: still waiting for the engine to start; its log is '") !=
	      NULL);
}

static void places_that_cannot_be_used_are_refused(void)
{
	char *bin = path_of("bin/kapsel");
	char command[512];

	install_java("");
	snprintf(command, sizeof(command), "KAPSEL_RUN=relative %s 2>%s/e; test $? = 125", bin,
		 directory);
	CHECK(system(command) == 0);
	CHECK(strstr(content("e"), "cannot start the engine: 'relative' is no absolute path") !=
	      NULL);
	snprintf(command, sizeof(command),
		 "KAPSEL_RUN=/$(printf %%0110d 0) %s 2>%s/e; test $? = 125", bin, directory);
	CHECK(system(command) == 0);
	CHECK(strstr(content("e"), "a socket has at most 107 bytes") != NULL);
	write_file(path_of("file"), "", 0600);
	snprintf(command, sizeof(command), "KAPSEL_RUN=%s/file %s 2>%s/e; test $? = 125", directory,
		 bin, directory);
	CHECK(system(command) == 0);
	CHECK(strstr(content("e"), "not a directory (ENOTDIR)") != NULL);
}

static void places_are_those_of_the_installation_unless_the_environment_says_others(void)
{
	char *bin = path_of("bin/kapsel");
	char command[512];

	install_engine("");
	CHECK(mkdir(path_of("etc"), 0755) == 0);
	snprintf(command, sizeof(command), "# a comment\nKAPSEL_RUN=%s/run\nKAPSEL_STATE=%s/other",
		 directory, directory);
	write_file(path_of("etc/kapsel.conf"), command, 0644);
	snprintf(command, sizeof(command), "env -u KAPSEL_RUN -u KAPSEL_STATE %s; test $? = 7", bin);
	CHECK(system(command) == 0);
	CHECK(access(path_of("other"), F_OK) == 0);
	snprintf(command, sizeof(command), "KAPSEL_RUN=relative %s 2>%s/e; test $? = 125", bin,
		 directory);
	CHECK(system(command) == 0);
	CHECK(strstr(content("e"), "'relative' is no absolute path") != NULL);
	CHECK(unlink(path_of("etc/kapsel.conf")) == 0 && mkdir(path_of("etc/kapsel.conf"), 0755) == 0);
	snprintf(command, sizeof(command), "env -u KAPSEL_RUN %s 2>%s/e; test $? = 125", bin,
		 directory);
	CHECK(system(command) == 0);
	CHECK(strstr(content("e"), "kapsel.conf': is a directory (EISDIR)") != NULL);
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

	install_java("");
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
	{"a missing Java is named", a_missing_java_is_named},
	{"a log that has grown is put aside", a_log_that_has_grown_is_put_aside},
	{"a missing starter is named", a_missing_starter_is_named},
	{"a slow engine is announced", a_slow_engine_is_announced},
	{"places that cannot be used are refused", places_that_cannot_be_used_are_refused},
	{"places are those of the installation unless the environment says others",
	 places_are_those_of_the_installation_unless_the_environment_says_others},
	{"another user's engine is out of reach", another_users_engine_is_out_of_reach},
	{"a run directory of another user is not trusted",
	 a_run_directory_of_another_user_is_not_trusted},
	{"closed descriptors are filled", closed_descriptors_are_filled},
	{NULL, NULL},
};
