package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a configuration may not ask for, and in which words that is said. */
class WrittenRulesTest {
  @TempDir Path directory;

  private WrittenBundles bundle() {
    return new WrittenBundles(directory, "web", Hosts.hybrid().cgroups());
  }

  private static void plan(Bundle bundle) {
    LaunchPlanner.plan(bundle, Hosts.hybrid());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"type\":\"mount\"}|{\"type\":\"time\"}"
            + "|unable to restrict sys entries without a private MNT namespace",
        "{\"type\":\"mount\"}|{\"type\":\"mount\",\"path\":\"/proc/1/ns/mnt\"}"
            + "|a root cannot be entered in the mount namespace of another container",
        "{\"type\":\"uts\"}|{\"type\":\"time\"}"
            + "|unable to set hostname without a private UTS namespace",
        "{\"type\":\"uts\"}|{\"type\":\"user\"}"
            + "|unable to set hostname without a private UTS namespace",
        "\"linux\":{|\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}],"
            + "|user namespace mappings specified, but user namespace isn't enabled in the config",
        "{\"type\":\"pid\"}|{\"type\":\"user\"}"
            + "|user namespaces enabled, but no namespace path to join nor mappings to apply specified",
        "\"linux\":{|\"linux\":{\"timeOffsets\":{\"monotonic\":{\"secs\":1}},"
            + "|time namespace offsets specified, but time namespace isn't enabled in the config",
        "\"linux\":{|\"linux\":{\"mountLabel\":\"x\","
            + "|selinux label is specified in config, but selinux is disabled or not supported",
        "\"linux\":{|\"linux\":{\"intelRdt\":{},"
            + "|intelRdt is specified in config, but Intel RDT is not enabled",
        "\"linux\":{|\"linux\":{\"personality\":{\"domain\":\"BSD\"},"
            + "|'linux.personality.domain' is not known: 'BSD'",
        "\"linux\":{|\"linux\":{\"sysctl\":{\"kernel.panic\":\"1\"},"
            + "|sysctl 'kernel.panic' is not in a namespace of the container",
        "\"linux\":{|\"linux\":{\"cgroupsPath\":\"/\",|'linux.cgroupsPath' does not name a group: '/'",
        "\"process\":{|\"process\":{\"scheduler\":{\"policy\":\"SCHED_X\"},"
            + "|'process.scheduler.policy' is not known: 'SCHED_X'",
        "\"process\":{|\"process\":{\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":9},"
            + "|'process.ioPriority.priority' is not known: '9'",
        "\"args\":[\"sh\"]|\"args\":[]|no command specified",
        "\"args\":[\"sh\"]|\"args\":[\"\"]|'process.args' is empty",
        "\"HOME=/root\"|\"nothing\"|'process.env' has an entry without a name: 'nothing'",
        "\"destination\":\"/proc\"|\"destination\":\"/\"|a mount cannot cover the root itself: '/'",
        "\"destination\":\"/dev/shm\"|\"destination\":\"/proc/self/attr\""
            + "|'/proc/self/attr' cannot be mounted because it is inside /proc",
        "\"destination\":\"/dev/shm\"|\"destination\":\"/a/../../b\""
            + "|mount destination '/a/../../b' has '..' in it",
        "\"type\":\"sysfs\",||the mount at '/sys' has no type",
        "\"type\":\"sysfs\",\"source\":\"sysfs\"|\"type\":\"bind\"|the bind mount at '/sys' has no source",
        "{\"type\":\"RLIMIT_NOFILE\",|{\"type\":\"RLIMIT_MAGIC\",|there is no limit 'RLIMIT_MAGIC'",
      })
  void isRefusedBeforeAnythingIsMade(String part, String other, String why) {
    assertThatThrownBy(
            () -> {
              String text = WrittenBundles.STANDARD.replace(part, other == null ? "" : other);
              plan(bundle().bundle(text));
            })
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining(why);
  }

  @Test
  void rootMayNotBeALink() throws Exception {
    Files.createDirectory(directory.resolve("real"));
    Files.createSymbolicLink(directory.resolve("rootfs"), Path.of("real"));

    assertThatThrownBy(() -> plan(bundle().running("true")))
        .hasMessage("invalid rootfs: not an absolute path, or a symlink");
  }

  @Test
  void whatIsUnknownButHarmlessIsAWarning() {
    Bundle bundle =
        bundle()
            .replacing("[\"CAP_AUDIT_WRITE\"", "[\"CAP_MAGIC\"")
            .linux(
                "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
                    + "[\"magic\",\"read\"],\"action\":\"SCMP_ACT_LOG\"}]}")
            .running("true");

    assertThat(LaunchPlanner.plan(bundle, Hosts.hybrid()).notices())
        .contains(
            "ignoring unknown or unavailable capabilities: [CAP_MAGIC]",
            "seccomp: unknown system calls are left out: [magic]");
  }

  @Test
  void theCallersKeyringIsKeptWhenItIsAskedFor() {
    assertThat(calls(bundle().running("true"))).anyMatch(call -> call.startsWith("keyctl("));
    assertThat(calls(bundle().withTheCallersKeyring().running("true")))
        .noneMatch(call -> call.startsWith("keyctl("));
  }

  private static List<String> calls(Bundle bundle) {
    return LaunchPlanner.plan(bundle, Hosts.hybrid()).lines().stream()
        .map(line -> line.call())
        .toList();
  }

  @Test
  void environmentHasOneValueOfEachNameAndAHome() {
    Bundle bundle = bundle().replacing("\"HOME=/root\"", "\"A=1\",\"B=2\",\"A=3\"").running("true");

    assertThat(bundle.spec().process().orElseThrow().env())
        .containsExactly("PATH=/bin", "B=2", "A=3", "HOME=/");
  }
}
