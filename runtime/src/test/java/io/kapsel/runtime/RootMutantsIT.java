package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import io.kapsel.runtime.plan.Mutation;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What comes out of a root that somebody changes is no source of what the container is shown. */
class RootMutantsIT extends OnMutants {
  private static final String DEV =
      "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\n"
          + "   \"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},";

  /** A bundle that uses the root's own /dev, beside which lies another that can take its place. */
  private WrittenBundles onOwnDevices() {
    Path root = directory.resolve("rootfs");
    try (Fd here = Open.path(root.toString(), OpenFlags.DIRECTORY)) {
      for (String name : List.of("dev", "evil")) { // as an attack before this has left them
        if (Files.exists(root.resolve(name))) {
          Trees.delete(here, name);
        }
      }
      Files.createDirectories(root.resolve("dev"));
      Files.createDirectories(root.resolve("evil/pts"));
      Files.writeString(root.resolve("secret"), "secret");
      Files.createSymbolicLink(root.resolve("evil/null"), Path.of("../secret"));
      Files.createSymbolicLink(root.resolve("evil/pts/0"), Path.of("../../secret"));
      Files.createFile(root.resolve("evil/console"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bundle().replacing(DEV, "");
  }

  /** Just before the first step that matches, /dev becomes the other directory. */
  private static UnaryOperator<Segment> exchangingBefore(Predicate<Step> which) {
    return segment -> {
      int at = Mutation.find(segment, which);
      return at < 0
          ? segment
          : Mutation.with(segment, at, exchange(segment.init().get(at).argument(0), "dev", "evil"));
    };
  }

  private static Predicate<Step> opens(String reason) {
    return because(reason).and(step -> step.op() == Step.Op.OPEN_ROOT);
  }

  /** A source that is looked up in the root, as a path, when it is needed. */
  private static UnaryOperator<Segment> byPath(Predicate<Step> copy, String path) {
    return segment -> {
      int at = Mutation.find(segment, step -> step.op() == Step.Op.OPEN_ROOT);
      Value root = segment.init().get(Math.max(at, 0)).argument(0);
      return Mutation.replacing(
          segment,
          copy,
          step ->
              Mutation.with(
                  step, root, Value.text(path), Value.all(Flag.TREE_CLONE, Flag.TREE_CLOEXEC)));
    };
  }

  /** CVE-2025-31133: /dev/null is exchanged before it hides something. */
  @Test
  void aMaskIsMadeOfOurOwnNullDevice() throws Exception {
    rule(
        () ->
            onOwnDevices()
                .replacing("\"/proc/acpi\"", "\"/proc/interrupts\"")
                .running("cat /proc/interrupts; true"),
        exchangingBefore(opens("hidden")),
        byPath(because("hidden").and(call("open_tree\\(\\S+, \"null\"")), "dev/null"),
        has("secret").negate());
  }

  /** CVE-2025-52565: the terminal's path is exchanged before it becomes the console. */
  @Test
  void theConsoleIsTheTerminalThatWasOpened() throws Exception {
    rule(
        () ->
            onOwnDevices().withTerminal().running("test -f /dev/console && cat /dev/console; true"),
        exchangingBefore(opens("the console is that terminal")),
        byPath(because("the console is that terminal").and(call("open_tree")), "dev/pts/0"),
        has("secret").negate());
  }

  /** CVE-2019-19921 and its relatives: a link where the kernel is shown is not followed. */
  @ParameterizedTest
  @CsvSource({"proc,self", "sys,kernel"})
  void theKernelIsNotShownBehindALink(String name, String shown) throws Exception {
    Path root = directory.resolve("rootfs");
    Files.createDirectory(root.resolve("elsewhere"));
    Files.createSymbolicLink(root.resolve(name), Path.of("elsewhere"));
    rule(
        () -> bundle().running("test -e /elsewhere/" + shown + " && echo shown; true"),
        UnaryOperator.identity(),
        segment ->
            Mutation.replacing(
                segment,
                call("open_root\\(.*" + Pattern.quote(Flag.OWN_DIRECTORY.shown())),
                step ->
                    Mutation.with(
                        step,
                        step.argument(0),
                        step.argument(1),
                        Flag.MAKE_DIRECTORY,
                        step.argument(3))),
        has("shown").negate());
  }

  /** Close-on-exec is not enough: what somebody has opened without it is closed, too. */
  @Test
  void noDescriptorOfTheHostIsLeftOpen() throws Exception {
    Step leak =
        new Steps()
            .call(
                Syscall.OPENAT,
                Flag.CWD,
                Value.text("/"),
                Value.all(Flag.PATH, Flag.DIRECTORY),
                Flag.ZERO)
            .because("somebody forgets a flag");
    rule(
        () -> bundle().running("echo /proc/1/fd/*"), // which the shell itself opens
        segment -> segment.last() ? Mutation.with(segment, 0, leak) : segment,
        segment -> Mutation.without(segment, call("close_range")),
        says("(?m)^/proc/1/fd/0 /proc/1/fd/1 /proc/1/fd/2( /proc/1/fd/3)?$"));
  }
}
