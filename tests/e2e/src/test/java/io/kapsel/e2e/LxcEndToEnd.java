package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A directory of containers as LXC has it, and both LXC's programs and ours for it. */
abstract class LxcEndToEnd extends EndToEnd {
  private static final Set<String> WITHOUT_PLACE =
      Set.of("lxc-checkconfig", "lxc-config", "lxc-unshare", "lxc-usernsexec", "lxc-update-config");

  Path place;

  @BeforeEach
  void define() throws IOException {
    place = Files.createDirectory(product.home().resolve("lxc"));
  }

  @AfterEach
  void forget() {
    product.removeAll();
    endTheOracles();
    HostFiles.delete(place);
  }

  /** What a test that failed has left; ours knows nothing of it. */
  private void endTheOracles() {
    for (String name : oracle("lxc-ls", "-1", "--running").lines()) {
      oracle("lxc-stop", "-k", "-n", name);
    }
  }

  /** A configuration as an administrator has it, of a container that LXC made. */
  void define(String name, String... more) throws IOException {
    Files.createDirectories(place.resolve(name));
    List<String> lines =
        new ArrayList<>(
            List.of(
                "lxc.rootfs.path = dir:" + TestRoot.path(),
                "lxc.uts.name = " + name,
                "lxc.init.cmd = /bin/busybox init",
                "lxc.net.0.type = empty",
                "lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed",
                "lxc.tty.max = 4"));
    lines.addAll(List.of(more));
    Files.write(place.resolve(name).resolve("config"), lines);
  }

  Command program(String... words) {
    List<String> all = new ArrayList<>();
    all.add(Product.DIST.resolve("lxc").resolve(words[0]).toString());
    all.addAll(placed(words));
    return product.environment(new Command(all));
  }

  /** Some have no place of containers. */
  private List<String> placed(String... words) {
    List<String> all = new ArrayList<>();
    if (!WITHOUT_PLACE.contains(words[0])) {
      all.addAll(List.of("-P", place.toString()));
    }
    all.addAll(List.of(words).subList(1, words.length));
    return all;
  }

  Result lxc(String... words) {
    return program(words).run();
  }

  /** Ours says the same as Debian's on standard output, and ends alike. */
  Compared asDebians(String line) {
    String[] words = line.split(" ");
    kapsel("version").ok(); // an engine that takes long to start says so
    Result expected = oracle(words);
    Result found = lxc(words);
    assertThat(found.exitCode()).as(expected + "\n" + found).isEqualTo(expected.exitCode());
    assertThat(found.out()).isEqualTo(expected.out());
    return new Compared(expected, found);
  }

  /** What both have said. */
  record Compared(Result expected, Result found) {}

  /** The same by Debian's lxc. */
  Result oracle(String... words) {
    List<String> all = new ArrayList<>(List.of("/usr/bin/" + words[0]));
    all.addAll(placed(words));
    return new Command(all).run();
  }
}
