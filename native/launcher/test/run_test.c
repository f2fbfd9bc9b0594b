/* From CLONE to the exit record. */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOVE_FROM_AND_TO_FD 0x44 /* MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH */

static void the_end_is_told_and_recorded(void)
{
	struct program program = {0};

	start_shell(&program, "exit 3");
	CHECK(exit_of(&program) == 3 << 8);
	CHECK(ended(program.launcher.control));
	CHECK(waitpid(program.launcher.pid, NULL, 0) == program.launcher.pid);
}

static void a_signal_from_the_engine_arrives(void)
{
	struct program program = {0};
	struct message signal = {.type = SIGNAL, .a = SIGTERM};

	start_shell(&program, "exec sleep 60");
	send_to_launcher(program.launcher.control, signal, NULL, 0);
	CHECK(exit_of(&program) == SIGTERM);
}

static int pid_in(const char *path)
{
	int pid = 0;

	for (int i = 0; i < 500 && pid == 0; i++, usleep(10000)) {
		FILE *file = fopen(path, "r");

		if (file != NULL) {
			if (fscanf(file, "%d", &pid) != 1)
				pid = 0;
			fclose(file);
		}
	}
	return pid;
}

/* As CRIU leaves what it has brought back to the one that has started it. */
static void another_child_takes_the_place_of_the_program(void)
{
	struct program program = {0};
	struct message adopt = {.type = ADOPT}, started;
	char script[512];

	CALL(&program.draft, MONITOR, __NR_prctl, I(36 /* PR_SET_CHILD_SUBREAPER */), I(1));
	snprintf(script, sizeof(script), "(sleep 1; exit 9) & echo $! >%s; sleep 0.5; exit 3",
		 path_of("other"));
	prepare_shell(&program, script);
	program.launcher = start_launcher();
	launch_program(&program);
	CHECK(hear(program.launcher.control).type == STARTED);
	adopt.a = pid_in(path_of("other"));
	CHECK(adopt.a > 0);
	send_to_launcher(program.launcher.control, adopt, NULL, 0);
	started = hear(program.launcher.control);
	CHECK(started.type == STARTED && started.a == adopt.a);
	CHECK(exit_of(&program) == 9 << 8);
}

static struct message failure_of(struct program *program)
{
	struct message message;

	launch_program(program);
	message = hear_past_notices(program->launcher.control);
	CHECK(ended(program->launcher.control));
	return message;
}

static void a_failing_init_half_names_its_step(void)
{
	struct program program = {0};
	struct message message;

	prepare(&program);
	STEP(&program.draft, MONITOR, OP_CLONE, I(0), END);
	STEP(&program.draft, MONITOR, OP_RECEIVE, I(0));
	CALL(&program.draft, INIT, SYS_getpid);
	CALL(&program.draft, INIT, SYS_close, I(777));
	finish_with(&program, (const char *const[]){"/bin/true", NULL});
	message = failure_of(&program);
	CHECK(message.type == FAILED && message.a == 1 && message.b == 1 && message.c == EBADF);
}

static void a_program_that_cannot_be_run_is_told(void)
{
	static const struct {
		const char *path;
		int error;
	} cases[] = {{"/no/where", ENOENT}, {"/etc/passwd", EACCES}, {"/tmp", EACCES}};

	for (int i = 0; i < 3; i++) {
		struct program program = {0};
		struct message message;

		unlink(path_of("control"));
		prepare(&program);
		STEP(&program.draft, MONITOR, OP_CLONE, I(0), END);
		finish_with(&program, (const char *const[]){cases[i].path, NULL});
		message = failure_of(&program);
		CHECK(message.type == FAILED && message.a == 1 && message.c == cases[i].error);
	}
}

static void the_init_half_is_killed_when_the_monitor_fails(void)
{
	struct program program = {0};
	struct message message;

	prepare(&program);
	STEP(&program.draft, MONITOR, OP_CLONE, I(0), END);
	CALL(&program.draft, MONITOR, SYS_close, I(777));
	STEP(&program.draft, INIT, OP_RECEIVE, I(0));
	finish_with(&program, (const char *const[]){"/bin/true", NULL});
	message = failure_of(&program);
	CHECK(message.type == FAILED && message.a == 0 && message.c == EBADF);
	CHECK(waitpid(program.launcher.pid, NULL, 0) == program.launcher.pid);
}

/* Waits for another half that never sends, and for an engine that goes away. */
static void an_engine_lost_before_the_start_ends_all(void)
{
	struct program program = {0};
	int watch[2];
	char byte;

	CHECK(pipe2(watch, O_CLOEXEC) == 0);
	prepare(&program);
	STEP(&program.draft, MONITOR, OP_CLONE, I(0), END);
	STEP(&program.draft, MONITOR, OP_RECEIVE, I(0));
	CALL(&program.draft, INIT, SYS_write, S(input(&program.draft, watch[1])),
	     D(text(&program.draft, "x")), I(1));
	STEP(&program.draft, INIT, OP_RECEIVE, I(0));
	finish_with(&program, (const char *const[]){"/bin/true", NULL});
	launch_program(&program);
	CHECK(read(watch[0], &byte, 1) == 1);
	close(program.launcher.control);
	CHECK(waitpid(program.launcher.pid, NULL, 0) == program.launcher.pid);
	CHECK(read(watch[0], &byte, 1) == 0); /* the init half is gone, too */
}

static void an_engine_lost_after_the_start_may_come_back(void)
{
	struct program program = {0};
	struct message greeting;
	int client, status;
	char got[64];

	start_shell(&program, "read line; echo got $line");
	close(program.launcher.control);
	program.launcher.control = connect_again();
	greeting = hear(program.launcher.control);
	CHECK(greeting.type == STARTED && greeting.a == program.started.a);
	CHECK(greeting.b == program.started.b && greeting.descriptor >= 0);
	client = attach_to(program.launcher.control, IN | OUT);
	send_frame(client, FRAME_STDIN, "hello\n", 6);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "got hello\n") == 0 && status == 0);
	CHECK(exit_of(&program) == 0);
}

static void nobody_needs_to_be_there_for_the_record(void)
{
	struct program program = {0};

	start_shell(&program, "sleep 0.2; exit 9");
	close(program.launcher.control);
	CHECK(waitpid(program.launcher.pid, NULL, 0) == program.launcher.pid);
	CHECK(recorded_status() == 9 << 8);
}

static void a_program_inherits_nothing(void)
{
	struct program program = {0};
	int client, status;
	char got[512];

	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	prepare_shell(&program, "grep -E 'Sig(Blk|Ign)' /proc/self/status; exec ls /proc/self/fd");
	program.launcher = start_launcher();
	client = attach_to(program.launcher.control, OUT);
	launch_program(&program);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0\n1\n2\n3\n") ==
	      0); /* 3 is what ls itself has opened */
}

static void a_reaper_ends_as_its_child(void)
{
	struct program program = {0};
	const char *argv[] = {"/bin/sh", "-c", "(sleep 0.1 &) ; echo $$; kill -9 $$", NULL};
	int client, status;
	char got[16];

	prepare(&program);
	STEP(&program.draft, MONITOR, OP_CLONE, I(CLONE_NEWPID), END);
	connect_streams(&program);
	STEP(&program.draft, INIT, OP_REAPER, I(0));
	finish_with(&program, argv);
	program.launcher = start_launcher();
	client = attach_to(program.launcher.control, OUT);
	launch_program(&program);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "2\n") == 0 && status == (128 + SIGKILL) << 8);
}

static void a_second_clone_takes_the_place_of_the_first(void)
{
	struct program program = {0};

	prepare(&program);
	STEP(&program.draft, MONITOR, OP_CLONE, I(0), END);
	CALL(&program.draft, INIT, SYS_unshare, I(CLONE_NEWPID));
	STEP(&program.draft, INIT, OP_CLONE, I(CLONE_PARENT), END);
	connect_streams(&program);
	finish_with(&program, (const char *const[]){"/bin/sh", "-c", "exit $$", NULL});
	launch_program(&program);
	CHECK(hear(program.launcher.control).type == STARTED);
	CHECK(exit_of(&program) == 1 << 8);
}

/* Both speak on one socket: whoever came first is gone before the second one says a word. */
static void what_is_set_for_the_second_one_is_not_set_for_the_first(void)
{
	static const uint64_t files[] = {77, 77};

	for (int i = 0; i < 20; i++) {
		struct program program = {0};
		struct draft *draft = &program.draft;

		unlink(path_of("control"));
		prepare(&program);
		STEP(draft, MONITOR, OP_CLONE, I(0), END)->slot = PID_SLOT;
		STEP(draft, INIT, OP_CLONE, I(CLONE_PARENT), END);
		STEP(draft, INIT, OP_SEND, END);
		STEP(draft, MONITOR, OP_RECEIVE, I(0));
		CALL(draft, MONITOR, SYS_prlimit64, S(PID_SLOT), I(RLIMIT_NOFILE),
		     D(bytes(draft, files, sizeof(files))), I(0));
		STEP(draft, MONITOR, OP_SEND, END);
		STEP(draft, INIT, OP_RECEIVE, I(0));
		finish_with(&program, (const char *const[]){"/bin/sh", "-c", "exit $(ulimit -n)", NULL});
		launch_program(&program);
		CHECK(hear(program.launcher.control).type == STARTED);
		CHECK(exit_of(&program) == 77 << 8);
		close(program.launcher.control);
	}
}

/* In the monitor: id maps of a range, then the init half may go on. */
static void map_ids(struct draft *draft)
{
	static const char *const files[] = {"uid_map", "gid_map"};
	uint32_t map = text(draft, "0 1879048192 65536");

	for (int i = 0; i < 2; i++) {
		STEP(draft, MONITOR, OP_OPEN_PROC, S(PID_SLOT), D(text(draft, files[i])),
		     I(O_WRONLY))
			->slot = 20;
		CALL(draft, MONITOR, SYS_write, S(20), D(map), I(18));
	}
	STEP(draft, MONITOR, OP_SEND, END);
	STEP(draft, INIT, OP_RECEIVE, I(0));
	CALL(draft, INIT, SYS_setresgid, I(0), I(0), I(0));
	CALL(draft, INIT, SYS_setresuid, I(0), I(0), I(0));
}

static void enter_root(struct draft *draft, uint32_t inside)
{
	uint32_t dot = text(draft, "."), empty = text(draft, "");

	CALL(draft, INIT, SYS_fsopen, D(text(draft, "tmpfs")), I(FSOPEN_CLOEXEC))->slot = 30;
	CALL(draft, INIT, SYS_fsconfig, S(30), I(FSCONFIG_CMD_CREATE), I(0), I(0), I(0));
	CALL(draft, INIT, SYS_fsmount, S(30), I(FSMOUNT_CLOEXEC), I(0))->slot = 31;
	CALL(draft, INIT, SYS_move_mount, S(31), D(empty), I(AT_FDCWD), D(text(draft, "/mnt")),
	     I(4));
	STEP(draft, INIT, OP_OPEN_ROOT, S(31), D(text(draft, "/old/dir")), I(1), I(0700));
	STEP(draft, INIT, OP_OPEN_ROOT, S(31), D(text(draft, "/program")), I(2), I(0755))->slot =
		32;
	CALL(draft, INIT, SYS_move_mount, S(inside), D(empty), S(32), D(empty),
	     I(MOVE_FROM_AND_TO_FD));
	CALL(draft, INIT, SYS_fchdir, S(31));
	CALL(draft, INIT, SYS_pivot_root, D(dot), D(dot));
	CALL(draft, INIT, SYS_umount2, D(dot), I(2));
	CALL(draft, INIT, SYS_sethostname, D(text(draft, "boxed")), I(5));
}

static void a_container_is_all_there_is_inside(void)
{
	struct program program = {0};
	int client, status;
	uint32_t inside;
	char got[128];

	chmod(inside_binary, 0755);
	prepare(&program);
	inside = input(&program.draft,
		       (int)syscall(SYS_open_tree, AT_FDCWD, inside_binary,
				    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
	STEP(&program.draft, MONITOR, OP_CLONE,
	     I(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
	       CLONE_NEWNET),
	     END)
		->slot = PID_SLOT;
	map_ids(&program.draft);
	enter_root(&program.draft, inside);
	connect_streams(&program);
	finish_with(&program, (const char *const[]){"/program", NULL});
	program.launcher = start_launcher();
	client = attach_to(program.launcher.control, OUT);
	launch_program(&program);
	CHECK(hear(program.launcher.control).type == STARTED);
	read_stream(client, FRAME_STDOUT, got, sizeof(got), &status);
	CHECK(strcmp(got, "pid 1 uid 0 gid 0 host boxed entries 2\n") == 0);
	CHECK(status == 7 << 8);
}

static void a_monitor_is_small(void)
{
	struct program program = {0};
	struct launcher first = start_launcher();
	char name[64], line[128];
	long pss = -1;
	FILE *file;

	program.launcher = spawn(first);
	start_shell(&program, "exec sleep 60");
	usleep(100000);
	snprintf(name, sizeof(name), "/proc/%d/smaps_rollup", program.started.b);
	file = fopen(name, "r");
	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "Pss: %ld kB", &pss);
	printf("     monitor's PSS: %ld KB\n", pss);
	CHECK(pss > 0 && pss <= 60);
	kill(program.started.a, SIGKILL);
	CHECK(exit_of(&program) == SIGKILL);
}

#define TEST(name) \
	{ \
#name, name, true \
	}
const struct test RUN_TESTS[] = {
	TEST(the_end_is_told_and_recorded),
	TEST(a_signal_from_the_engine_arrives),
	TEST(another_child_takes_the_place_of_the_program),
	TEST(a_failing_init_half_names_its_step),
	TEST(a_program_that_cannot_be_run_is_told),
	TEST(the_init_half_is_killed_when_the_monitor_fails),
	TEST(an_engine_lost_before_the_start_ends_all),
	TEST(an_engine_lost_after_the_start_may_come_back),
	TEST(nobody_needs_to_be_there_for_the_record),
	TEST(a_program_inherits_nothing),
	TEST(a_reaper_ends_as_its_child),
	TEST(a_second_clone_takes_the_place_of_the_first),
	TEST(what_is_set_for_the_second_one_is_not_set_for_the_first),
	TEST(a_container_is_all_there_is_inside),
	TEST(a_monitor_is_small),
	{NULL, NULL, false},
};
