package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Configurations that ask for what must not be had (rows C1 to C13), by the OCI runtime. */
class OciBadInputIT extends EndToEnd {
  private static final String MOUNTS = "\"mounts\":[";
  private static final String PROCESS = "\"process\":{";
  private static final String LINUX = "\"linux\":{";

  private static Arguments row(String part, String more, String error) {
    return Arguments.of(part, part + more, error);
  }

  private static String mount(String destination, String more) {
    return "{\"destination\":\"" + destination + "\"," + more + "},";
  }

  private static String seccomp(String rest) {
    return "\"seccomp\":{" + rest + "},";
  }

  private static String filter(String rule) {
    return seccomp("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" + rule + "]");
  }

  static Stream<Arguments> mounts() {
    String tmpfs = "\"type\":\"tmpfs\",\"source\":\"t\"";
    return Stream.of(
        row(MOUNTS, mount("/", tmpfs), "a mount cannot cover the root itself: '/'"),
        row(
            MOUNTS,
            mount("/proc/self/attr", tmpfs),
            "'/proc/self/attr' cannot be mounted because it is inside /proc"),
        row(MOUNTS, mount("/a/../../b", tmpfs), "mount destination '/a/../../b' has '..' in it"),
        row(
            MOUNTS,
            mount("/t", tmpfs + ",\"options\":[\"turbo=1\"]"),
            "tmpfs at '/t': fsconfig: invalid argument (EINVAL)"),
        row(
            MOUNTS,
            mount("/t", "\"source\":\"/tmp\",\"options\":[\"bind\",\"turbo\"]"),
            "the bind mount at '/t' cannot have options of a file system: 'turbo'"),
        row(
            MOUNTS,
            mount("/t", "\"source\":\"/no/such\",\"options\":[\"bind\"]"),
            "'/no/such' at '/t': open_tree: no such file or directory (ENOENT)"),
        row(
            MOUNTS,
            mount("/t", "\"source\":\"/tmp\",\"options\":[\"bind\"]").repeat(10_000),
            "more than 200 mounts and layers cannot be given to one container"));
  }

  static Stream<Arguments> rights() {
    return Stream.of(
        row(
            PROCESS,
            "\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"]},",
            "'process.capabilities.effective' is not in the permitted set: 'CAP_KILL'"),
        row(
            LINUX,
            filter(
                "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":"
                    + "[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_X\"}]}"),
            "'linux.seccomp.syscalls[].args[].op' is not an operator: 'SCMP_CMP_X'"),
        row(
            LINUX,
            filter(
                "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":"
                    + "[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}"),
            "'linux.seccomp.syscalls[].args[].index' is not between 0 and 5: '6'"),
        row(
            LINUX,
            filter("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_X\"}"),
            "'linux.seccomp.syscalls[].action' is not an action: 'SCMP_ACT_X'"),
        row(
            LINUX,
            seccomp("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X\"]"),
            "cannot use seccomp architecture 'SCMP_ARCH_X': it is unknown"),
        row(
            LINUX,
            filter(
                    "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5},"
                        .repeat(100_000))
                .replace(",]}", "]}"),
            "cannot use the seccomp profile: it has more than 10000 rules"),
        row(
            LINUX,
            filter("{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}"),
            "'linux.seccomp' has SCMP_ACT_NOTIFY but no 'listenerPath'"),
        row(
            LINUX,
            filter("{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}")
                .replace("\"seccomp\":{", "\"seccomp\":{\"listenerPath\":\"/no/agent\","),
            "failed to connect with seccomp agent: no such file or directory (ENOENT)"));
  }

  static Stream<Arguments> settings() {
    return Stream.of(
        row(PROCESS, "]", "cannot use 'config.json': is not JSON: Unexpected close marker"),
        row(
            LINUX,
            "\"sysctl\":{\"kernel.core_pattern\":\"x\"},",
            "'kernel.core_pattern' is not in a namespace"),
        row(
            LINUX,
            "\"sysctl\":{\"kernel/core_pattern\":\"x\"},",
            "'kernel.core_pattern' is not in a namespace"),
        row(
            LINUX,
            "\"sysctl\":{\"net.ipv4/../../kernel/core_pattern\":\"x\"},",
            "is not in a namespace of the container"),
        row(
            LINUX,
            "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},",
            "'net.ipv4.ip_forward' is not in a namespace"),
        row(
            LINUX,
            "\"personality\":{\"domain\":\"BSD\"},",
            "'linux.personality.domain' is not known: 'BSD'"),
        row(
            LINUX,
            "\"timeOffsets\":{\"monotonic\":{\"secs\":1}},",
            "time namespace isn't enabled in the config"),
        row(
            PROCESS,
            "\"oomScoreAdj\":-2000,",
            "'process.oomScoreAdj' is not between -1000 and 1000"),
        row(
            PROCESS,
            "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":9,\"hard\":5}],",
            "'process.rlimits[].soft' is above the hard limit 5: '9'"),
        row(
            PROCESS,
            "\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":5}],",
            "there is no limit 'RLIMIT_X'"),
        Arguments.of(
            "\"annotations\"",
            "\"hostname\":\"" + "h".repeat(65) + "\",\"annotations\"",
            "'hostname' is longer than 64 bytes"));
  }

  static Stream<Arguments> programs() {
    String args = "\"args\":[\"/bin/true\"]";
    return Stream.of(
        Arguments.of(args, "\"args\":[]", "args must not be empty"),
        Arguments.of(args, "\"args\":[\"\"]", "'process.args' is empty"),
        Arguments.of(
            args, "\"args\":[\"/bin/true\",\"a\\u0000b\"]", "'process.args' contains a NUL"),
        Arguments.of(
            args,
            "\"args\":[\"/bin/true\",\"" + "x".repeat(140_000) + "\"]",
            "argument list too long"),
        Arguments.of(
            args,
            "\"args\":[\"/bin/true\"" + (",\"" + "x".repeat(100_000) + "\"").repeat(30) + "]",
            "argument list too long"),
        Arguments.of("\"PATH=/bin\"", "\"A=b\\u0000c\"", "'process.env' contains a NUL"),
        Arguments.of(
            "\"PATH=/bin\"", "\"novalue\"", "'process.env' has an entry without a name: 'novalue'"),
        Arguments.of(
            "\"cwd\":\"/\"", "\"cwd\":\"x\"", "'process.cwd' is not an absolute path: 'x'"),
        Arguments.of(
            "\"cwd\":\"/\"",
            "\"cwd\":\"/proc/self/fd/7\"",
            "too many levels of symbolic links (ELOOP)"));
  }

  static Stream<Arguments> roots() {
    String root = TestRoot.path().toString();
    return Stream.of(
        Arguments.of(root, "/no/such", "invalid rootfs: stat /no/such: no such file or directory"),
        Arguments.of(root, "/etc/passwd", "invalid rootfs: /etc/passwd: not a directory"),
        Arguments.of(root, "/proc/self/cwd", "invalid rootfs: it must not be a symlink"),
        Arguments.of(
            "\"annotations\"",
            "\"hooks\":{\"createRuntime\":[{\"path\":\"/no/hook\"}]},\"annotations\"",
            "error running createRuntime hook #0: /no/hook"),
        Arguments.of(
            "\"annotations\"",
            "\"hooks\":{\"createRuntime\":[{\"path\":\"hook\"}]},\"annotations\"",
            "'hooks[].path' is not an absolute path: 'hook'"));
  }

  @ParameterizedTest
  @MethodSource({"mounts", "rights", "settings", "programs", "roots"})
  void isRefusedWithTheReasonAndLeavesNothing(String part, String other, String error)
      throws Exception {
    try (OciRuntime runtime = new OciRuntime(product, "kapsel-runc").program("/bin/true")) {
      runtime.change(part, other);
      Result result = runtime.call("run", "bad-input");

      assertThat(result.exitCode()).isIn(1, 255); // 255: the program itself, as runc has it
      assertThat(result.err()).contains(error);
      assertThat(result.out()).isEmpty();
      assertThat(HostFiles.names(runtime.file("root"))).isEmpty();
      assertThat(groups()).isEmpty();
    }
  }

  private static List<String> groups() {
    return Command.of("find", "/sys/fs/cgroup", "-maxdepth", "3", "-name", "bad-input")
        .run()
        .lines();
  }

  /** Who reads annotations as orders, obeys whoever wrote an image. */
  @Test
  void annotationsThatLookLikeOrdersOrderNothing() throws Exception {
    try (OciRuntime runtime =
        new OciRuntime(product, "kapsel-runc")
            .program("/bin/grep", "CapEff", "/proc/self/status")) {
      runtime.change(
          "\"org.example\":\"yes\"",
          "\"run.oci.handler\":\"krun\",\"io.kapsel.privileged\":\"true\",\"run.oci.keep_original_groups\":\"0\"");

      assertThat(runtime.call("run", "c").ok().line()).isEqualTo("CapEff:\t0000000000000000");
    }
  }

  /** CVE-2019-5736: the program is the launcher itself, which does nothing without its socket. */
  @Test
  void theLauncherAsTheProgramEndsAtOnce() {
    try (OciRuntime runtime = new OciRuntime(product, "kapsel-runc").program("/proc/self/exe")) {
      Result result = runtime.call("run", "c");

      assertThat(result.exitCode()).isIn(1, 127);
      assertThat(result.out()).isEmpty();
    }
  }

  /** The same from the other side: what waits to be started is sealed, and nobody's to change. */
  @Test
  void theLauncherThatWaitsCannotBeWrittenTo() {
    try (OciRuntime runtime = new OciRuntime(product, "kapsel-runc").program("/bin/true")) {
      runtime.detached("create", "--pid-file", runtime.file("pid").toString(), "c").ok();
      String pid = runtime.read("pid");
      String program = "/proc/" + pid + "/exe";

      assertThat(HostFiles.link(program)).startsWith("/memfd:kapsel-launcher");
      assertThat(
              Command.of("dd", "if=/dev/zero", "of=" + program, "count=1", "conv=notrunc")
                  .run()
                  .err())
          .containsPattern("Text file busy|Operation not permitted");
    }
  }

  /** A number in a file may be another's process by now. */
  @Test
  void aProcessThatOnlyHasTheSameNumberIsNotKilled() throws Exception {
    Process other = Command.of("sleep", "1000").start();
    try (OciRuntime runtime =
        new OciRuntime(product, "kapsel-runc").program("/bin/sleep", "1000")) {
      runtime.detached("run", "--detach", "--pid-file", runtime.file("pid").toString(), "c").ok();
      Path state = runtime.file("root").resolve("c/state.json");
      String text = Files.readString(state);
      Files.writeString(
          state, text.replace("\"pid\":" + runtime.read("pid"), "\"pid\":" + other.pid()));

      assertThat(runtime.status("c")).isEqualTo("stopped");
      assertThat(runtime.call("kill", "c", "KILL").err()).contains("container not running");
      assertThat(other.isAlive()).isTrue();

      long started = started(other.pid()).orElseThrow();
      Files.writeString(
          state, Files.readString(state).replaceAll("\"started\":\\d+", "\"started\":" + started));
      runtime.call("kill", "c", "KILL").ok(); // it is told apart by nothing else
      assertThat(other.waitFor()).isEqualTo(137);
      Files.writeString(state, text);
    } finally {
      other.destroyForcibly();
    }
  }

  private static Optional<Long> started(long pid) {
    String stat = HostFiles.read("/proc/" + pid + "/stat");
    int end = stat.lastIndexOf(')');
    return end < 0
        ? Optional.empty()
        : Optional.of(Long.valueOf(stat.substring(end + 2).split(" ")[19]));
  }

  /** With the configuration that runc proposes: where it refuses, so must we. */
  @Test
  void nothingWorksThatRuncRefuses() throws Exception {
    Runc bundles = new Runc(product.home());
    List<String> theirs = bundles.run("/bin/probe", "attempts").ok().lines();
    List<String> ours =
        bundles
            .run(product, Product.DIST.resolve("bin/kapsel-runc"), "/bin/probe", "attempts")
            .ok()
            .lines();

    assertThat(ours).hasSizeGreaterThan(80);
    for (String line : theirs) {
      if (!line.endsWith(" ok")) {
        assertThat(ours).as("with runc: " + line).doesNotContain(line.split(" ")[0] + " ok");
      }
    }
  }
}
