package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.kapsel.runtime.plan.Mutation;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * The rules that keep a bundle of somebody else inside, each by an attack on the real kernel that
 * it stops: and that the same attack is seen to work when the steps of the rule are left out.
 */
class MutantsIT extends OnMutants {
  @Test
  void noCapabilityIsLeftInTheBoundingSet() throws Exception {
    rule(
        () -> bundle().running("grep CapBnd /proc/self/status"),
        because("capability "),
        has("CapBnd:\t0000000020000420"));
  }

  @Test
  void noPrivilegesAreGained() throws Exception {
    rule(
        () -> bundle().running("grep NoNewPrivs /proc/self/status"),
        because("no program gives it more rights"),
        has("NoNewPrivs:\t1"));
  }

  @Test
  void theFilterIsInForce() throws Exception {
    rule(
        () ->
            bundle()
                .linux(
                    "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
                        + "[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\"}]}")
                .running("mkdir /x && echo made; true"),
        call("seccomp\\("),
        has("made").negate());
  }

  @Test
  void noGroupOfTheCallerIsKept() throws Exception {
    rule(
        () ->
            bundle()
                .replacing("{\"uid\":0,\"gid\":0}", "{\"uid\":0,\"gid\":0,\"additionalGids\":[7]}")
                .running("id -G"),
        call("setgroups\\(1"),
        says("(?m)^0 7$"));
  }

  @Test
  void theUserIsTheOneOfTheConfiguration() throws Exception {
    rule(
        () ->
            bundle().replacing("{\"uid\":0,\"gid\":0}", "{\"uid\":77,\"gid\":0}").running("id -u"),
        call("setresuid\\(77"),
        says("(?m)^77$"));
  }

  @Test
  void theOldRootIsGone() throws Exception {
    rule(
        () -> bundle().running("cut -d' ' -f5 /proc/self/mountinfo | grep -c '^/$'"),
        call("umount2\\(\"\\.\", MNT_DETACH\\)"),
        says("(?m)^1$"));
  }

  @Test
  void whatIsMaskedReadsAsEmpty() throws Exception {
    rule(
        () ->
            bundle()
                .replacing("\"/proc/acpi\"", "\"/proc/interrupts\"")
                .running("wc -c < /proc/interrupts"),
        because("hidden").and(call("move_mount")),
        says("(?m)^0$"));
  }

  @Test
  void whatIsReadOnlyCannotBeWritten() throws Exception {
    rule(
        () ->
            bundle()
                .running(
                    "grep ' /proc/sys ' /proc/self/mountinfo;"
                        + " echo x > /proc/sys/kernel/domainname && echo written; true"),
        because("read-only").and(call("mount_setattr")),
        has("written").negate());
  }

  @Test
  void devicesAreRefusedFromTheFirstInstructionOn() throws Exception {
    rule(
        () ->
            bundle()
                .replacing("[\"CAP_AUDIT_WRITE\"", "[\"CAP_MKNOD\"")
                .running(
                    "mknod /m c 1 1; head -c 1 /m 2>&1 >/dev/null; mknod /d b 7 0; head -c 1 /d"
                        + " 2>&1 >/dev/null; true"),
        call("bpf\\(BPF_PROG_ATTACH"),
        out -> out.split("Operation not permitted", -1).length == 3);
  }

  @Test
  void limitsAreInForceFromTheFirstInstructionOn() throws Exception {
    rule(
        () ->
            bundle()
                .replacing("\"resources\":{", "\"resources\":{\"pids\":{\"limit\":2},")
                .running("sleep 0 & sleep 0 & sleep 0 & wait; echo forked"),
        call("write\\(file, \"2\"").or(because("moves itself into its control group")),
        has("forked").negate());
  }

  /** What is mounted inside is not seen on the host, even where the host shares its mounts. */
  @Test
  void mountsDoNotReachTheHost() throws Exception {
    Path shared = Files.createDirectory(directory.resolve("shared"));
    mount("mount -t tmpfs shared " + shared + " && mount --make-shared " + shared);
    Files.createDirectory(shared.resolve("below"));
    try {
      rule(
          () ->
              bundle()
                  .replacing("[\"CAP_AUDIT_WRITE\"", "[\"CAP_SYS_ADMIN\"")
                  .mount(
                      "{\"destination\":\"/s\",\"source\":\""
                          + shared
                          + "\",\"options\":[\"rbind\"]}")
                  .running("mount -t tmpfs inner /s/below; echo mounted"),
          call("mount_setattr\\(tree, .*MS_SLAVE"),
          out -> out.contains("mounted") && !mounts().contains("inner"));
    } finally {
      mount("umount -R " + shared);
    }
  }

  private static String mounts() {
    try {
      return Files.readString(Path.of("/proc/self/mountinfo"));
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void mount(String command) throws Exception {
    int code = new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor();
    assertThat(code).as(command).isZero();
  }

  /** CVE-2024-21626: a descriptor of the runtime's as the working directory. */
  @Test
  void aWorkingDirectoryIsInsideTheRoot() throws Exception {
    Predicate<Step> checks = because("the working directory is inside the root");
    Predicate<Step> looks = step -> step.reason().equals("the working directory");
    List<String> outcomes = new ArrayList<>();
    List<String> mutants = new ArrayList<>();
    for (int fd = 3; fd < 32; fd++) {
      Bundle attack =
          bundle()
              .replacing("\"cwd\":\"/\"", "\"cwd\":\"/proc/self/fd/" + fd + "\"")
              .running("readlink /proc/self/cwd; ls");
      outcomes.add(outcome(attack, UnaryOperator.identity()));
      mutants.add(
          outcome(
              attack,
              segment -> Mutation.without(segment, checks.or(looks.and(call("open_root"))))));
    }

    assertThat(outcomes).allMatch(out -> out.startsWith("refused: "));
    assertThat(mutants).anyMatch(out -> out.contains("cgroup.procs"));
  }

  /** A descriptor that is only close-on-exec can still be named as the program. */
  @Test
  void noDescriptorOfTheLauncherCanBeExecuted() throws Exception {
    List<String> outcomes = new ArrayList<>();
    List<String> mutants = new ArrayList<>();
    for (int fd = 3; fd < 32; fd++) {
      Bundle attack =
          bundle()
              .replacing(
                  "\"args\":[\"sh\"]",
                  "\"args\":[\"/proc/self/fd/" + fd + "/bin/busybox\",\"echo\",\"leaked\"]")
              .running("true");
      outcomes.add(outcome(attack, UnaryOperator.identity()));
      mutants.add(outcome(attack, segment -> Mutation.without(segment, call("close_range"))));
    }

    assertThat(outcomes).allMatch(out -> out.startsWith("refused: "));
    assertThat(mutants).anyMatch(has("leaked"));
  }

  /**
   * CVE-2021-30465 and its relatives: at each step of the launch somebody exchanges a directory of
   * the root for a link that leads out of it. Wherever that happens, what is mounted is inside.
   */
  @Test
  void aDirectoryThatBecomesALinkBetweenAnyTwoStepsLeadsNowhere() throws Exception {
    Path root = directory.resolve("rootfs");
    Path canary = Files.createDirectory(directory.resolve("canary"));
    Files.createDirectories(root.resolve("data/in"));
    Files.createSymbolicLink(root.resolve("evil"), Path.of("../../../../../../.." + canary));
    Supplier<WrittenBundles> mounts =
        () ->
            bundle()
                .mount("{\"destination\":\"/data/in\",\"type\":\"tmpfs\",\"source\":\"marked\"}")
                .mount(
                    "{\"destination\":\"/data/in/deep\",\"source\":\""
                        + canary
                        + "\",\"options\":[\"bind\",\"ro\"]}");
    Bundle attack = mounts.get().running("grep -c -E 'marked' /proc/self/mountinfo");
    List<Step> steps = LaunchPlanner.plan(attack, runtime.facts()).sandbox().init();
    int[] mounted = {0};
    for (int at = 0; at < steps.size(); at++) {
      int index = at;
      if (!touchesTheRoot(steps.get(at))) {
        continue;
      }
      String out = outcome(attack, segment -> exchangingAt(index, segment));
      mounted[0] += out.startsWith("1") ? 1 : 0;
      if (!out.startsWith("1") && !out.startsWith("refused: ")) {
        fail("before step " + at + ": " + out);
      }
      assertThat(canary).isEmptyDirectory();
      if (Files.isSymbolicLink(root.resolve("data"))) {
        exchange(root);
      }
    }
    assertThat(mounted[0]).isPositive();
  }

  /** Between the others nothing is looked up. */
  private static boolean touchesTheRoot(Step step) {
    return step.op() == Step.Op.OPEN_ROOT || step.callName().equals("move_mount");
  }

  private static Segment exchangingAt(int index, Segment segment) {
    if (!segment.name().equals("sandbox")) {
      return segment;
    }
    Slot root =
        segment.inputs().stream()
            .filter(input -> input.reason().equals("the root file system"))
            .findFirst()
            .orElseThrow()
            .slot();
    return Mutation.with(segment, index, exchange(Value.of(root), "data", "evil"));
  }

  private static void exchange(Path root) throws Exception {
    Files.move(root.resolve("data"), root.resolve("other"));
    Files.move(root.resolve("evil"), root.resolve("data"));
    Files.move(root.resolve("other"), root.resolve("evil"));
  }

  /** Programs that join have no more than the container's own. */
  @Test
  void aProgramThatJoinsHasNoMoreThanItsContainer() throws Exception {
    Bundle bundle = bundle().running("sleep 100");
    try (ContainerProcess container = runtime.launch(bundle, List.of())) {
      String script =
          "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; id -G; readlink /proc/self/ns/pid";
      Predicate<Step> nothing = _ -> false;
      String well = joined(container, bundle, toFile(bundle(), script), nothing);
      assertThat(well)
          .contains("CapEff:\t0000000020000420")
          .contains("CapBnd:\t0000000020000420")
          .contains("NoNewPrivs:\t1");
      assertThat(
              joined(
                  container,
                  bundle,
                  toFile(bundle(), script),
                  because("capability ").or(because("no program gives it more rights"))))
          .doesNotContain("CapBnd:\t0000000020000420");
      assertThat(
              joined(
                  container,
                  bundle,
                  toFile(bundle(), script),
                  because("no program gives it more rights")))
          .contains("NoNewPrivs:\t0");
      container.signal(9);
      container.await();
    } finally {
      runtime.remove(bundle);
    }
  }

  /** CVE-2025-31133: the source of a mask is ours, whatever the root has at its place. */
  @Test
  void aMaskIsNotMadeOfWhatTheRootHas() throws Exception {
    Path root = directory.resolve("rootfs");
    Files.createDirectory(root.resolve("dev"));
    Files.writeString(root.resolve("secret"), "secret");
    Files.createSymbolicLink(root.resolve("dev/null"), Path.of("/secret"));
    Files.setPosixFilePermissions(
        root.resolve("secret"), PosixFilePermissions.fromString("rw-rw-rw-"));
    String noDev =
        "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\n"
            + "   \"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},";
    String out =
        outcome(
            bundle()
                .replacing(noDev, "")
                .replacing("\"/proc/acpi\"", "\"/proc/interrupts\"")
                .running("cat /proc/interrupts; echo x > /proc/interrupts; cat /secret"),
            UnaryOperator.identity());

    assertThat(Files.readString(root.resolve("secret"))).isEqualTo("secret");
    assertThat(out.startsWith("refused: ") || out.equals("secret")).as(out).isTrue();
  }
}
