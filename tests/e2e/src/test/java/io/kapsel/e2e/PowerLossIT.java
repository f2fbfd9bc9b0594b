package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The power goes at any moment of what is done with images, containers, volumes and networks: the
 * engine of the next boot finds what there was before or after what was under way, all of it whole,
 * and everything that a command had reported.
 */
class PowerLossIT extends EndToEnd {
  private static final int CUTS = Integer.getInteger("kapsel.cuts", 8);

  /** A command had ended by then, and these names were there. */
  private record Known(long position, String command, Set<String> names) {
    /** A name that goes is on the disk only when somebody waits for that. */
    boolean removes() {
      return command.matches("(|volume |network )rm .*");
    }
  }

  private final Path work = product.home().resolve("work");
  private final List<Known> known = new ArrayList<>();

  private Result host(String script) {
    return Command.of("sh", "-ec", script).in(work).run().ok();
  }

  private void makeImages(Registry registry) {
    host(
        "mkdir -p root/bin; cp /bin/busybox root/bin; tar -C root -cf root.tar .;"
            + " head -c 3000000 /dev/urandom >noise; umoci init --layout oci;"
            + " umoci new --image oci:a; umoci insert --image oci:a root /;"
            + " umoci config --image oci:a --config.cmd /bin/busybox;"
            + " skopeo copy -q oci:oci:a docker-archive:a.tar:loaded:1;"
            + " skopeo copy -q --dest-tls-verify=false oci:oci:a docker://"
            + registry.name("a:1")
            + "; umoci insert --image oci:a noise /noise;"
            + " skopeo copy -q --dest-tls-verify=false oci:oci:a docker://"
            + registry.name("b:1"));
  }

  private static Set<String> names(Product on) {
    Set<String> names = new TreeSet<>(images(on));
    for (String each : on.kapsel("ps", "-aq").ok().lines()) {
      String form = "{{.Name}} {{.HostConfig.Memory}} {{.Config.Labels.told}}";
      names.add("container " + on.kapsel("inspect", "-f", form, each).ok().line());
    }
    on.kapsel("volume", "ls", "-q").ok().lines().forEach(it -> names.add("volume " + it));
    on.kapsel("network", "ls", "--format", "{{.Name}}").ok().lines().stream()
        .filter(it -> it.startsWith("own"))
        .forEach(it -> names.add("network " + it));
    return names;
  }

  private static Set<String> images(Product on) {
    Set<String> names = new TreeSet<>();
    for (String line : on.kapsel("images").ok().lines()) {
      String[] columns = line.split("\\s+");
      if (!columns[0].equals("REPOSITORY") && !columns[0].equals("<none>")) {
        names.add(columns[0] + ":" + columns[1]);
      }
    }
    return names;
  }

  private void run(Product on, PowerCuts disk, String... words) {
    on.kapsel(words).ok();
    known.add(new Known(disk.position(), String.join(" ", words), names(on)));
  }

  private void everything(Product on, PowerCuts disk, Registry registry) {
    String a = registry.name("a:1");
    run(on, disk, "pull", "-q", a);
    on.kapsel("run", "--name", "source", a, "/bin/busybox", "touch", "/made").ok();
    Command.of("sync").run().ok();
    known.clear();
    run(on, disk, "create", "--name", "one", "-l", "told=yes", a, "/bin/busybox", "true");
    run(on, disk, "volume", "create", "data");
    run(on, disk, "load", "-q", "-i", work.resolve("a.tar").toString());
    run(on, disk, "rename", "one", "two");
    run(on, disk, "network", "create", "--subnet", "10.98.1.0/24", "own");
    run(on, disk, "import", work.resolve("root.tar").toString(), "imported:1");
    run(on, disk, "pull", "-q", registry.name("b:1"));
    run(on, disk, "update", "--memory", "64m", "two");
    run(on, disk, "commit", "source", "committed:1");
    run(on, disk, "rm", "two");
    run(on, disk, "volume", "rm", "data");
    run(on, disk, "tag", "imported:1", "tagged:1");
    run(on, disk, "rmi", "imported:1", "loaded:1");
    run(on, disk, "network", "rm", "own");
    run(on, disk, "image", "prune", "-a", "-f");
    run(on, disk, "pull", "-q", registry.name("b:1"));
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES) // it starts an engine for each moment
  void theNextBootFindsWholeImagesAndAllThatWasReported() throws IOException {
    long seed = Long.getLong("kapsel.seed", System.nanoTime());
    System.out.println("power goes at random with -Dkapsel.seed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    Files.createDirectories(work);
    Path disks = Files.createDirectories(work.resolve("disks"));
    PowerCuts disk;
    try (Registry registry = Registry.start(work, "");
        Product before = Product.fresh()) {
      makeImages(registry);
      disk = PowerCuts.mount(disks, before.state());
      try {
        everything(before, disk, registry);
        before.removeAll();
      } finally {
        before.stopEngine();
        disk.close();
      }
    }
    long from = known.getFirst().position();
    long to = known.getLast().position();
    List<Long> moments =
        LongStream.concat(
                random.longs(CUTS / 2, from, to + 1),
                known.stream().filter(Known::removes).mapToLong(Known::position))
            .sorted()
            .boxed()
            .toList();
    for (long moment : moments) {
      after(moment, disk, random);
    }
    after(to, disk, random);
    disk.checkLog();
  }

  private void after(long moment, PowerCuts disk, SplittableRandom random) throws IOException {
    try (Product next = Product.fresh()) {
      disk.cut(moment, random, next.state());
      try {
        otherBoot(next.state());
        check(next, moment);
      } finally {
        next.stopEngine();
        Await.until(
            Duration.ofSeconds(20),
            () -> "it is unmounted",
            () -> Command.of("umount", next.state().toString()).run().exitCode() == 0);
      }
    }
  }

  /** This machine has not booted meanwhile, so what was noted of its boot is made another's. */
  private static void otherBoot(Path state) {
    String boot = HostFiles.read("/proc/sys/kernel/random/boot_id").strip();
    Command.of(
            "sh",
            "-c",
            "grep -rlF --include='*.json' \"$0\" \"$1\" | xargs -r sed -i \"s/$0/$2/g\"",
            boot,
            state.toString(),
            UUID.randomUUID().toString())
        .run()
        .ok();
  }

  private void check(Product on, long moment) {
    int next = 0;
    while (next < known.size() - 1 && known.get(next).position() <= moment) {
      next++;
    }
    Known after = known.get(next);
    Known before = after.position() <= moment ? after : known.get(next - 1);
    Set<String> found = names(on);
    assertThat(found)
        .as("during '%s' at %d", after.command(), moment)
        .isIn(before.names(), after.names());
    for (String each : HostFiles.names(on.state().resolve("images/blobs/sha256"))) {
      String file = on.state().resolve("images/blobs/sha256").resolve(each).toString();
      assertThat(Command.of("sha256sum", file).run().ok().line()).startsWith(each);
    }
    assertThat(HostFiles.names(on.state().resolve("quarantine"))).isEmpty();
    for (String each : on.kapsel("ps", "-aq").ok().lines()) {
      on.kapsel("start", each).ok();
      on.kapsel("wait", each).ok();
    }
    for (String each : images(on)) {
      on.kapsel("run", "--rm", "--pull=never", each, "/bin/busybox", "sha256sum", "/bin/busybox")
          .ok();
    }
    on.removeAll();
    on.kapsel("image", "prune", "-a", "-f").ok();
    assertThat(HostFiles.names(on.state().resolve("images/blobs/sha256"))).isEmpty();
    assertThat(HostFiles.names(on.state().resolve("layers/sha256"))).isEmpty();
  }
}
