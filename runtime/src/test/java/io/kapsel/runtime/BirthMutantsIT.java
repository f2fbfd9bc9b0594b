package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import io.kapsel.runtime.plan.Step;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What a program is when it begins, as the first one of a container or as one that joins it. */
class BirthMutantsIT extends OnMutants {
  private static final int KILL = 9;
  private static final String SESSION =
      """
      #include <stdio.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      int main(void) {
        printf("keyring %ld\\n", syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3 /* session */, 0));
        return 0;
      }
      """;

  /** A program that tells which session keyring it has. */
  private Path makeSession() throws Exception {
    Path program = directory.resolve("rootfs/bin/session");
    Path source = Files.writeString(directory.resolve("session.c"), SESSION);
    printed("gcc", "-static", "-o", program.toString(), source.toString());
    return program;
  }

  private static String printed(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String all = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(all).isZero();
    return all;
  }

  @Test
  void theKeysOfTheCallerAreNotItsOwn() throws Exception {
    String ours = printed(makeSession().toString());
    assertThat(ours).matches("keyring \\d+\n");
    rule(
        () -> bundle().running("session"),
        call("keyctl\\(KEYCTL_JOIN_SESSION_KEYRING"),
        out -> out.startsWith("keyring ") && !out.equals(ours));
  }

  /** CVE-2019-5736: what runs is written over once it has ended. */
  @Test
  void theLaunchersProgramCannotBeWrittenOver() throws Exception {
    byte[] sleeper = Files.readAllBytes(Path.of("/bin/busybox"));
    Path file = Files.write(directory.resolve("launcher"), sleeper);
    assertThat(file.toFile().setExecutable(true)).isTrue();
    try (Fd sealed = Memfd.executable("launcher", sleeper);
        Fd unsealed = Open.path(file.toString(), OpenFlags.READ)) {
      assertThatThrownBy(() -> writeOver(sealed))
          .isInstanceOfAny(SyscallException.class, java.io.IOException.class)
          .hasMessageMatching("(?s).*(not permitted|EPERM).*");
      writeOver(unsealed);
    }
    assertThat(Files.readAllBytes(file)).startsWith("#!evil".getBytes());
  }

  @Test
  void theFirstLauncherRunsFromSuchACopy() {
    Path exe =
        ProcessHandle.current()
            .children()
            .map(child -> Path.of("/proc", Long.toString(child.pid()), "exe"))
            .filter(BirthMutantsIT::isLauncher)
            .findFirst()
            .orElseThrow();
    try (Fd program = Open.path(exe.toString(), OpenFlags.READ)) {
      assertThat(Memfd.seals(program) & Memfd.ALL_SEALS).isEqualTo(Memfd.ALL_SEALS);
    }
  }

  private static boolean isLauncher(Path exe) {
    try {
      return Files.readSymbolicLink(exe).toString().contains("memfd:kapsel-launcher");
    } catch (java.io.IOException e) {
      return false;
    }
  }

  /** As a program in the container does: it holds what runs until nobody runs it any more. */
  private static void writeOver(Fd program) throws Exception {
    try (Child child =
        Spawn.program(program).arguments(List.of("sleep", "60")).environment(List.of()).start()) {
      try (Fd held = Open.path("/proc/" + child.pid() + "/exe", OpenFlags.PATH)) {
        child.process().signal(KILL);
        child.await();
        Path again = Path.of("/proc/self/fd", Integer.toString(held.number()));
        try (OutputStream out =
            Files.newOutputStream(again, java.nio.file.StandardOpenOption.WRITE)) {
          out.write("#!evil".getBytes());
        }
      }
    }
  }

  /** The attack by a program that joins: it fails, and works without the steps of the rule. */
  private void joins(
      WrittenBundles container, String script, Predicate<Step> steps, String harmless)
      throws Exception {
    Bundle bundle = container.running("sleep 100");
    try (ContainerProcess process = runtime.launch(bundle, List.of())) {
      assertThat(joined(process, bundle, toFile(container, script), _ -> false))
          .containsPattern(harmless);
      assertThat(joined(process, bundle, toFile(container, script), steps))
          .isNotEmpty()
          .doesNotContainPattern(harmless);
      process.signal(KILL);
      process.await();
    } finally {
      runtime.remove(bundle);
    }
  }

  @Test
  void whoJoinsHasTheKeysOfNobody() throws Exception {
    String ours = printed(makeSession().toString()).strip();
    joins(
        bundle(),
        "session",
        call("keyctl\\(KEYCTL_JOIN_SESSION_KEYRING"),
        "^(?!" + ours + "$)keyring \\d+\n");
  }

  @Test
  void whoJoinsIsTheUserOfTheConfiguration() throws Exception {
    Files.setAttribute(directory.resolve("rootfs"), "unix:mode", 0777);
    joins(
        bundle().replacing("{\"uid\":0,\"gid\":0}", "{\"uid\":77,\"gid\":7}"),
        "id -u",
        call("setresuid\\(77"),
        "^77\n");
  }

  @Test
  void whoJoinsKeepsNoGroupOfTheCaller() throws Exception {
    joins(
        bundle().replacing("{\"uid\":0,\"gid\":0}", "{\"uid\":0,\"gid\":0,\"additionalGids\":[7]}"),
        "id -G",
        call("setgroups\\(1"),
        "^0 7\n");
  }

  @Test
  void whoJoinsIsUnderTheFilter() throws Exception {
    joins(
        bundle()
            .linux(
                "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
                    + "[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\"}]}"),
        "mkdir /x && echo made || echo refused",
        call("seccomp\\("),
        "^refused\n");
  }

  /** CVE-2022-29162 and its relatives: no capability is left to be had by a file. */
  @Test
  void whoJoinsCanGainNoCapability() throws Exception {
    joins(
        bundle(),
        "grep CapBnd /proc/self/status",
        because("capability "),
        "^CapBnd:\t0000000020000420\n");
  }
}
