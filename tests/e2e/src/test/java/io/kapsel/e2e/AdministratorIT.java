package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The guide's session of an administrator: each command as it stands, with what it prints. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class AdministratorIT extends EndToEnd {
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final Path GUIDE = Path.of("../../docs/guide/administrator.md");
  private static final String PLACE = "/var/lib/lxc";
  private static final String PROMPT = "$ ";

  /** Stands for any number of lines. */
  private static final String SOMETHING = "…";

  private Path place;
  private Product other;

  /** One command and the lines below it. */
  private record Step(String command, List<String> expected) {}

  @BeforeEach
  void makeWhatLxcHad() throws IOException {
    place = Files.createDirectories(product.home().resolve("lxc"));
    Files.createDirectories(place.resolve("old"));
    Files.write(
        place.resolve("old/config"),
        List.of(
            "# made by lxc-create",
            "lxc.rootfs.path = dir:" + TestRoot.path(),
            "lxc.uts.name = old",
            "lxc.init.cmd = /bin/busybox init",
            "lxc.net.0.type = empty",
            "lxc.console.logfile = /tmp/log",
            "lxc.nonsense = 1"));
  }

  /**
   * What stands for ssh: the machines {@code other} and {@code this} are two engines of this one.
   */
  @BeforeEach
  void makeAnotherMachine() throws IOException {
    other = Product.fresh();
    Path bin = Files.createDirectories(product.home().resolve("bin"));
    Path ssh = bin.resolve("ssh");
    Files.write(
        ssh,
        List.of(
            "#!/bin/sh",
            "while [ \"${1#-}\" != \"$1\" ]; do [ \"$1\" = -T ] || shift; shift; done",
            "home=" + other.home(),
            "[ \"$1\" = root@this ] && home=" + product.home(),
            "shift",
            "export KAPSEL_RUN=$home/run KAPSEL_STATE=$home/state",
            "exec sh -c \"$*\""));
    Files.setPosixFilePermissions(ssh, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void forget() {
    product.removeAll();
    other.close();
    HostFiles.delete(place);
  }

  private static List<Step> steps() throws IOException {
    List<Step> all = new ArrayList<>();
    boolean inside = false;
    for (String line : Files.readAllLines(GUIDE)) {
      if (line.startsWith("```")) {
        inside = !inside;
      } else if (inside && line.startsWith(PROMPT)) {
        all.add(new Step(line.substring(PROMPT.length()), new ArrayList<>()));
      } else if (inside) {
        all.getLast().expected().add(line);
      }
    }
    return all;
  }

  @Test
  void doesWhatTheGuideSays() throws IOException {
    List<Step> steps = steps();
    assertThat(steps).hasSizeGreaterThan(20);
    for (Step step : steps) {
      String command = step.command().replace(PLACE, place.toString());
      Result result =
          product
              .environment(Command.of("/bin/sh", "-c", command))
              .env(
                  "PATH",
                  product.home().resolve("bin")
                      + ":"
                      + Product.DIST.resolve("bin")
                      + ":/usr/bin:/bin:/usr/sbin:/sbin")
              .within(LONG)
              .run();
      assertThat(result.exitCode()).as(step.command() + "\n" + result).isZero();
      if (step.expected().contains(SOMETHING)) {
        assertThat(result.lines())
            .as(step.command())
            .containsSubsequence(
                step.expected().stream().filter(line -> !line.equals(SOMETHING)).toList());
      } else {
        assertThat(result.out().lines().toList()).as(step.command()).isEqualTo(step.expected());
      }
    }
  }
}
