package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Programs of others that run their containers on Kapsel: each with an engine, places and control
 * groups of its own, of which nothing may be left.
 */
abstract class CallerTest extends EndToEnd {
  /** The name of the image, and of the control group above all that is made here. */
  static final String IMAGE = "kapsel-e2e";

  static Path home;
  static Installation installation;
  static String group;
  private static CgroupParent parent;

  @BeforeAll
  static void install() {
    try {
      home = Files.createTempDirectory(Path.of("/tmp"), "kapsel-caller-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Command.of("chmod", "755", home.toString()).run().ok();
    parent = CgroupParent.fresh();
    group = parent.name();
    installation = Installation.of(product);
  }

  /** The test root as the archive that callers import. */
  static Path archive() {
    Path archive = home.resolve("image.tar");
    Command.of("tar", "-C", TestRoot.path().toString(), "-cf", archive.toString(), ".").run().ok();
    return archive;
  }

  /** Asks a daemon to end; one that does not is killed with what it started, and that is told. */
  static void endDaemon(Process daemon, Path log) {
    List<ProcessHandle> all = daemon.descendants().toList();
    daemon.destroy();
    try {
      if (!daemon.waitFor(40, TimeUnit.SECONDS)) {
        System.err.println(daemon.info() + " does not end when asked:\n" + HostFiles.read(log));
        daemon.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted: the end of " + daemon.info(), e);
    }
  }

  /** Everything of {@code home} that is still there but files: processes, mounts, groups. */
  @AfterAll
  static void callersLeaveNothing() {
    Await.until(Duration.ofSeconds(20), () -> "left: " + left(), () -> left().isEmpty());
    parent.close();
    HostFiles.delete(home);
  }

  private static List<String> left() {
    List<String> left = new ArrayList<>();
    for (long pid : HostFiles.pids()) {
      String words = HostFiles.read("/proc/" + pid + "/cmdline").replace('\0', ' ');
      if (words.contains(home.toString()) && HostFiles.alive(pid)) {
        left.add("process " + pid + ": " + words);
      }
    }
    HostFiles.read("/proc/self/mountinfo")
        .lines()
        .filter(line -> line.contains(home.toString()))
        .forEach(left::add);
    left.addAll(groupsOfContainers());
    return left;
  }

  /** Below our own group, which callers leave, as they leave conmon's. */
  private static TreeSet<String> groupsOfContainers() {
    Result found =
        Command.of(
                "find",
                "/sys/fs/cgroup",
                "-mindepth",
                "3",
                "-path",
                "*/" + group + "/*",
                "-type",
                "d",
                "-not",
                "-name",
                "conmon")
            .run();
    return new TreeSet<>(found.lines());
  }
}
