package io.kapsel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where things are during one run, and the raw samples that it keeps.
 *
 * @param tools has the programs {@code floor}, {@code timer} and {@code true}
 * @param home is removed at the end
 */
record Places(Path checkout, Path tools, Path home, Map<String, Samples> raw) {
  static Places make(Path checkout, Path tools, Path disk) throws IOException {
    Path home = Files.createTempDirectory(disk, "home");
    Places places = new Places(checkout, tools, home, new TreeMap<>());
    for (String name :
        new String[] {"root/proc", "root/sys", "root/dev", "root/etc", "layers", "bundle"}) {
      Files.createDirectories(home.resolve(name));
    }
    Tool.run("chmod", "755", home.toString());
    Files.copy(tools.resolve("true"), home.resolve("root/true"));
    Files.copy(Path.of("/bin/busybox"), home.resolve("root/busybox"));
    for (String name : new String[] {"hosts", "hostname", "resolv.conf"}) {
      Files.createFile(home.resolve("root/etc").resolve(name)); // as real roots have them
    }
    Files.writeString(
        home.resolve("bundle/config.json"), PeerBundle.configuration(home.resolve("root")));
    Tool.write(home.resolve("filter"), PeerBundle.filter());
    return places;
  }

  Path client() {
    return checkout.resolve("dist/target/kapsel/bin/kapsel");
  }

  Path root() {
    return home.resolve("root");
  }

  /** The samples of this name, kept for the raw output. */
  Samples samples(String name) {
    return raw.computeIfAbsent(name, key -> new Samples());
  }

  /** A floor program that waits for questions. */
  Tool floor() {
    return Tool.keep(
        tools.resolve("floor").toString(),
        root().toString(),
        home.resolve("layers").toString(),
        home.resolve("filter").toString());
  }

  void remove() {
    Tool.run("rm", "-rf", "--one-file-system", home.toString());
    Tool.run(
        "sh",
        "-c",
        "for d in /sys/fs/cgroup/*/kapsel-floor /sys/fs/cgroup/kapsel-floor"
            + " /sys/fs/cgroup/*/kapsel-bench /sys/fs/cgroup/kapsel-bench; do"
            + " [ ! -d $d ] || rmdir $d || true; done");
  }
}
