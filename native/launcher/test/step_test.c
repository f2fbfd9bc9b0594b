/* Each kind of step, in the monitor's list: the same on both architectures. */
#define _GNU_SOURCE
#include "drive.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asm/unistd.h>

/* The tests run on this machine, the plan on the launcher's: these are what the tests use. */
#if defined(__x86_64__)
#define NUMBER(name, arm) ((uint32_t)(emulator == NULL ? SYS_##name : (arm)))
#else
#define NUMBER(name, arm) ((uint32_t)SYS_##name)
#endif
#define GETPID NUMBER(getpid, 172)
#define CLOSE NUMBER(close, 57)
#define WRITEV NUMBER(writev, 66)
#define WRITE NUMBER(write, 64)
#define UMASK NUMBER(umask, 166)

static void expect(struct draft *draft, struct argument value, uint64_t wanted)
{
	STEP(draft, MONITOR, OP_EXPECT, value, I(wanted), I(~0ull), I(EILSEQ));
}

static struct message run(const struct draft *draft)
{
	struct launcher launcher = start_launcher();
	struct message message;

	send_segment(launcher.control, draft);
	message = hear(launcher.control);
	if (message.type == FAILED)
		CHECK(ended(launcher.control) && waitpid(launcher.pid, NULL, 0) == launcher.pid);
	return message;
}

static void results_go_to_their_slots(void)
{
	struct draft draft = {0};
	uint32_t word = bytes(&draft, "\0\0\0\0\0\0\0\0", 8);

	expect(&draft, S(5), ~0ull);
	CALL(&draft, MONITOR, GETPID)->slot = 5;
	STEP(&draft, MONITOR, OP_POKE, D(word), S(5), I(4));
	STEP(&draft, MONITOR, OP_EXPECT, S(5), I(0), I(~0u << 31), I(EILSEQ));
	CALL(&draft, MONITOR, GETPID)->slot = 6;
	STEP(&draft, MONITOR, OP_EXPECT, LOAD(KIND_LOAD32, word), I(0), I(0), I(EILSEQ));
	CHECK(run(&draft).type == DONE);
}

static void loads_have_their_widths(void)
{
	struct draft draft = {0};
	uint64_t value = 0x8877665544332211;
	uint32_t word = bytes(&draft, &value, 8);

	expect(&draft, LOAD(KIND_LOAD8, word), 0x11);
	expect(&draft, LOAD(KIND_LOAD32, word), 0x44332211);
	expect(&draft, LOAD(KIND_LOAD64, word), value);
	STEP(&draft, MONITOR, OP_POKE, D(word), I(0xffffffffffff), I(4));
	expect(&draft, LOAD(KIND_LOAD64, word), 0x88776655ffffffff);
	CHECK(run(&draft).type == DONE);
}

static void relocations_become_addresses(void)
{
	struct draft draft = {0};
	struct iovec parts[2] = {{NULL, 5}, {NULL, 6}};
	uint32_t at = bytes(&draft, parts, sizeof(parts));
	char got[16] = "";
	int pair[2];

	CHECK(pipe(pair) == 0);
	relocate(&draft, at, text(&draft, "hello"));
	relocate(&draft, at + 16, text(&draft, " world"));
	CALL(&draft, MONITOR, WRITEV, S(input(&draft, pair[1])), D(at), I(2))->slot = 7;
	expect(&draft, S(7), 11);
	CHECK(run(&draft).type == DONE);
	CHECK(read(pair[0], got, sizeof(got)) == 11 && strcmp(got, "hello world") == 0);
}

static void a_failure_names_step_and_errno(void)
{
	struct draft draft = {0};
	struct message message;

	CALL(&draft, MONITOR, GETPID);
	CALL(&draft, MONITOR, CLOSE, I(777));
	message = run(&draft);
	CHECK(message.type == FAILED && message.a == 0 && message.b == 1 && message.c == EBADF);
}

static void only_named_errnos_are_tolerated(void)
{
	struct draft draft = {0};
	struct step *step = CALL(&draft, MONITOR, CLOSE, I(777));

	step->rule = RULE_TOLERATE;
	step->errnos[3] = ENOENT;
	CHECK(run(&draft).type == FAILED);
	step->errnos[0] = EBADF;
	CHECK(run(&draft).type == DONE);
	step->errnos[0] = ANY_ERRNO;
	CHECK(run(&draft).type == DONE);
}

static void a_tolerated_failure_is_noticed_and_skips(void)
{
	struct draft draft = {0};
	struct step *step = CALL(&draft, MONITOR, CLOSE, I(777));
	struct launcher launcher = start_launcher();
	struct message notice;

	step->rule = RULE_TOLERATE | RULE_NOTICE;
	step->errnos[0] = EBADF;
	step->slot = 3;
	step->skip_error = 1;
	expect(&draft, I(1), 2);
	expect(&draft, S(3), ~0ull);
	send_segment(launcher.control, &draft);
	notice = hear(launcher.control);
	CHECK(notice.type == NOTICE && notice.a == 0 && notice.b == 0 && notice.c == EBADF);
	CHECK(hear(launcher.control).type == DONE);
}

static void success_skips_what_mends_a_failure(void)
{
	struct draft draft = {0};

	CALL(&draft, MONITOR, GETPID)->skip_ok = 2;
	expect(&draft, I(1), 2);
	expect(&draft, I(1), 2);
	CHECK(run(&draft).type == DONE);
}

static void a_guarded_step_needs_its_slots(void)
{
	struct draft draft = {0};
	struct step *step = CALL(&draft, MONITOR, CLOSE, S(9));

	step->rule = RULE_GUARD;
	step->skip_ok = 1;
	step->slot = 10;
	expect(&draft, S(10), ~0ull);
	CHECK(run(&draft).type == DONE);
}

static void slots_outlive_a_segment(void)
{
	struct launcher launcher = start_launcher();
	struct draft first = {0}, second = {0};

	CALL(&first, MONITOR, UMASK, I(0123))->slot = 11;
	expect(&second, S(11), 077); /* which the launcher has set for itself */
	send_segment(launcher.control, &first);
	send_segment(launcher.control, &second);
	CHECK(hear(launcher.control).type == DONE && hear(launcher.control).type == DONE);
}

static void the_number_of_the_segment_is_told(void)
{
	struct launcher launcher = start_launcher();
	struct draft first = {0}, second = {0};
	struct message message;

	CALL(&first, MONITOR, GETPID);
	CALL(&second, MONITOR, CLOSE, I(777));
	send_segment(launcher.control, &first);
	send_segment(launcher.control, &second);
	CHECK(hear(launcher.control).type == DONE);
	message = hear(launcher.control);
	CHECK(message.type == FAILED && message.b == 1 << 16 && message.c == EBADF);
}

static void an_unsealed_or_wrong_segment_is_refused(void)
{
	static uint8_t segment[1 << 15];
	struct draft draft = {0};
	int none[1] = {1};
	size_t size;

	CALL(&draft, MONITOR, GETPID);
	size = encode(&draft, segment);
	for (int way = 0; way < 3; way++) {
		struct launcher launcher = start_launcher();
		struct message message;

		if (way == 0)
			send_bytes(launcher.control, segment, size, F_SEAL_WRITE, none, 0);
		else if (way == 1)
			send_bytes(launcher.control, segment, size, 15, none, 1);
		else
			send_bytes(launcher.control, segment, size - 8, 15, none, 0);
		message = hear(launcher.control);
		CHECK(message.type == FAILED && message.b == -1);
		CHECK(ended(launcher.control));
	}
}

static struct message answer_to(const struct draft *draft)
{
	struct launcher launcher = start_launcher();
	struct message message;

	send_segment(launcher.control, draft);
	message = hear(launcher.control);
	CHECK(ended(launcher.control));
	return message;
}

/* Who waits for another half that was never made would wait for ever. */
static void nobody_waits_for_a_half_that_is_not_there(void)
{
	struct draft receive = {0}, final = {0};
	struct message message;
	uint32_t none;

	STEP(&receive, MONITOR, OP_RECEIVE, I(1))->slot = 0;
	message = answer_to(&receive);
	CHECK(message.type == FAILED && message.b == 0 && message.c == EPIPE);
	none = array(&final, (const char *const[]){NULL});
	STEP(&final, INIT, OP_EXEC, D(none), D(none), D(none));
	final.flags = PLAN_FINAL;
	message = answer_to(&final);
	CHECK(message.type == FAILED && message.b == -1);
}

static void proc_files_are_opened_by_pid(void)
{
	struct draft draft = {0};
	struct step *step;

	CALL(&draft, MONITOR, GETPID)->slot = 1;
	STEP(&draft, MONITOR, OP_OPEN_PROC, S(1), D(text(&draft, "ns/user")), I(O_RDONLY))->slot =
		2;
	STEP(&draft, MONITOR, OP_EXPECT, S(2), I(0), I(~0ull << 31), I(EILSEQ));
	step = STEP(&draft, MONITOR, OP_OPEN_PROC, END, D(text(&draft, "ns/user")), I(O_RDONLY));
	step->rule = RULE_TOLERATE;
	step->errnos[0] = ESRCH;
	CHECK(run(&draft).type == DONE);
}

static void paths_are_made_inside_the_root(void)
{
	struct draft draft = {0};
	struct stat status;
	uint32_t root;

	CHECK(mkdir(path_of("root"), 0755) == 0 && symlink("/", path_of("root/up")) == 0);
	CHECK(symlink("../../../../..", path_of("root/far")) == 0);
	root = input(&draft, open(path_of("root"), O_PATH | O_DIRECTORY));
	STEP(&draft, MONITOR, OP_OPEN_ROOT, S(root), D(text(&draft, "/a/b")), I(1), I(01777));
	STEP(&draft, MONITOR, OP_OPEN_ROOT, S(root), D(text(&draft, "up/c/file")), I(2), I(0640));
	STEP(&draft, MONITOR, OP_OPEN_ROOT, S(root), D(text(&draft, "far/../d")), I(1), I(0755))
		->rule = RULE_TOLERATE;
	draft.steps[MONITOR][2].errnos[0] = EINVAL;
	STEP(&draft, MONITOR, OP_OPEN_ROOT, S(root), D(text(&draft, "/a")), I(0), I(0));
	CHECK(run(&draft).type == DONE);
	CHECK(stat(path_of("root/a/b"), &status) == 0 && status.st_mode == (S_IFDIR | 01777));
	CHECK(stat(path_of("root/a"), &status) == 0 && status.st_mode == (S_IFDIR | 0755));
	CHECK(stat(path_of("root/c/file"), &status) == 0 && status.st_mode == (S_IFREG | 0640));
	CHECK(access("/c", F_OK) < 0 && access("/d", F_OK) < 0);
}

static void missing_and_looping_paths_are_refused(void)
{
	static const char *const wrong[] = {"nowhere", "loop", "file/below"};
	static const int errors[] = {ENOENT, ELOOP, ENOTDIR};

	CHECK(mkdir(path_of("root"), 0755) == 0 && symlink("loop", path_of("root/loop")) == 0);
	close(open(path_of("root/file"), O_CREAT | O_WRONLY, 0644));
	for (int i = 0; i < 3; i++) {
		struct draft draft = {0};
		uint32_t root = input(&draft, open(path_of("root"), O_PATH | O_DIRECTORY));
		struct message message;

		STEP(&draft, MONITOR, OP_OPEN_ROOT, S(root), D(text(&draft, wrong[i])), I(0), I(0));
		message = run(&draft);
		CHECK(message.type == FAILED && message.c == errors[i]);
	}
}

static void refused(int root, const char *path, uint64_t want, int error)
{
	struct draft draft = {0};
	struct message message;

	STEP(&draft, MONITOR, OP_OPEN_ROOT, S(input(&draft, root)), D(text(&draft, path)), I(want),
	     I(0));
	message = run(&draft);
	CHECK(message.type == FAILED && message.c == error);
}

static void a_link_out_of_the_root_leads_nowhere(void)
{
	CHECK(mkdir(path_of("root"), 0755) == 0 && symlink("/", path_of("root/up")) == 0);
	CHECK(symlink("../../../../..", path_of("root/far")) == 0);
	for (int i = 0; i < 2; i++)
		refused(open(path_of("root"), O_PATH | O_DIRECTORY), i == 0 ? "up/etc" : "far/etc",
			0, ENOENT);
}

static void magic_links_are_refused(void)
{
	refused(open("/proc", O_PATH | O_DIRECTORY), "self/root", 0, ELOOP);
}

static void links_are_refused_where_that_is_asked(void)
{
	CHECK(mkdir(path_of("root"), 0755) == 0 && mkdir(path_of("root/there"), 0755) == 0);
	CHECK(symlink("there", path_of("root/link")) == 0);
	refused(open(path_of("root"), O_PATH | O_DIRECTORY), "link", 4 | 1, ELOOP);
}

static int children_of(pid_t pid)
{
	char name[64];
	FILE *file;
	int count = 0, child;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(name, "r");
	CHECK(file != NULL);
	while (fscanf(file, "%d", &child) == 1)
		count++;
	fclose(file);
	return count;
}

/* Waits until a process has that many. */
static void await_children(pid_t pid, int count)
{
	for (int i = 0; children_of(pid) != count; i++) {
		CHECK(i < 500);
		usleep(10000);
	}
}

static void a_spawned_launcher_knows_what_the_first_knows(void)
{
	struct launcher first = start_launcher(), second;
	struct draft one = {0}, two = {0};

	CALL(&one, MONITOR, GETPID)->slot = 1;
	CALL(&two, MONITOR, GETPID)->slot = 2;
	STEP(&two, MONITOR, OP_EXPECT, S(1), I(0), I(~0ull << 31), I(EILSEQ));
	send_segment(first.control, &one);
	CHECK(hear(first.control).type == DONE);
	second = spawn(first);
	send_segment(second.control, &two);
	CHECK(hear(second.control).type == DONE);
	close(first.control);
	await_children(first.pid, 1);
	send_segment(second.control, &two);
	CHECK(hear(second.control).type == DONE);
	close(second.control);
	CHECK(waitpid(first.pid, NULL, 0) == first.pid); /* the keeper leaves last */
}

static void a_spawned_launcher_leaves_no_zombie(void)
{
	struct launcher first = start_launcher();

	for (int i = 0; i < 3; i++) {
		struct launcher next = spawn(first);
		struct draft draft = {0};

		CALL(&draft, MONITOR, GETPID);
		send_segment(next.control, &draft);
		CHECK(hear(next.control).type == DONE);
		close(next.control);
	}
	await_children(first.pid, 1); /* the one that forks */
}

static int ends_with(int descriptor)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (descriptor >= 0)
			dup2(descriptor, 3);
		else
			close(3);
		if (emulator != NULL)
			execlp(emulator, emulator, launcher_binary, NULL);
		execl(launcher_binary, "launcher", NULL);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void without_its_socket_it_ends_at_once(void)
{
	int stream[2], datagram[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagram) == 0);
	CHECK(ends_with(-1) == 127);
	CHECK(ends_with(stream[0]) == 127);
	CHECK(ends_with(datagram[0]) == 127);
	CHECK(ends_with(open("/dev/null", O_RDWR)) == 127);
}

#define TEST(name) \
	{ \
#name, name, false \
	}
#define NATIVE(name) \
	{ \
#name, name, true \
	} /* qemu-user has no openat2 */
const struct test STEP_TESTS[] = {
	TEST(results_go_to_their_slots),
	TEST(loads_have_their_widths),
	TEST(relocations_become_addresses),
	TEST(a_failure_names_step_and_errno),
	TEST(only_named_errnos_are_tolerated),
	TEST(a_tolerated_failure_is_noticed_and_skips),
	TEST(success_skips_what_mends_a_failure),
	TEST(a_guarded_step_needs_its_slots),
	TEST(slots_outlive_a_segment),
	TEST(the_number_of_the_segment_is_told),
	TEST(an_unsealed_or_wrong_segment_is_refused),
	TEST(nobody_waits_for_a_half_that_is_not_there),
	TEST(proc_files_are_opened_by_pid),
	NATIVE(paths_are_made_inside_the_root),
	NATIVE(missing_and_looping_paths_are_refused),
	NATIVE(a_link_out_of_the_root_leads_nowhere),
	NATIVE(magic_links_are_refused),
	NATIVE(links_are_refused_where_that_is_asked),
	NATIVE(a_spawned_launcher_knows_what_the_first_knows),
	NATIVE(a_spawned_launcher_leaves_no_zombie),
	TEST(without_its_socket_it_ends_at_once),
	{NULL, NULL, false},
};
