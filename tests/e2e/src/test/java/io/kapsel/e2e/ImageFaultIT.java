package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The engine is killed, or the disk is full, at any moment of what is done with images (rows F1 and
 * F6): the next engine finds no half image under a name and nothing that lies about for ever, and
 * the same command works then.
 */
class ImageFaultIT extends EndToEnd {
  private static final List<Integer> MOMENTS_MILLIS = List.of(0, 8, 18, 35, 70, 130);

  /** How many more, which nobody has chosen. */
  private static final int MORE_MOMENTS = Integer.getInteger("kapsel.moments", 2);

  private static final int LATEST_MOMENT_MICROS = 250_000;

  /** Of a state directory, so that nothing, something and nearly everything of an image fits. */
  private static final List<Integer> ROOM_KIB = List.of(4, 60, 1500, 2600, 5000);

  private static Registry registry;
  private static Path work;
  private static String name;

  @BeforeAll
  static void makeAnImage() throws IOException {
    work = Files.createDirectories(product.home().resolve("work"));
    registry = Registry.start(work, "");
    name = registry.name("team/app:1");
    host(
        "mkdir -p root/bin root/d; cp /bin/busybox root/bin; ln -s busybox root/bin/sh;"
            + " for i in $(seq 200); do echo $i >root/d/$i; done; tar -C root -cf root.tar .;"
            + " head -c 400000 /dev/urandom >noise; umoci init --layout oci; umoci new --image oci:a;"
            + " umoci insert --image oci:a root /; umoci insert --image oci:a noise /noise;"
            + " umoci config --image oci:a --config.cmd /bin/busybox --config.cmd wc --config.cmd -c"
            + " --config.cmd /noise; skopeo copy -q oci:oci:a docker-archive:a.tar:loaded:1;"
            + " skopeo copy -q --dest-tls-verify=false oci:oci:a docker://"
            + name);
  }

  @AfterAll
  static void endRegistry() {
    registry.close();
  }

  private static Result host(String script) {
    return Command.of("sh", "-ec", "cd " + work + "; " + script).run().ok();
  }

  private static String made(String operation) {
    return switch (operation) {
      case "load" -> "loaded:1";
      case "import" -> "imported:1";
      case "commit" -> "committed:1";
      default -> name;
    };
  }

  private static String[] words(String operation) {
    return switch (operation) {
      case "pull" -> new String[] {"pull", "-q", name};
      case "load" -> new String[] {"load", "-q", "-i", work.resolve("a.tar").toString()};
      case "import" ->
          new String[] {
            "import",
            "-c",
            "CMD [\"/bin/busybox\",\"wc\",\"-c\",\"/bin/busybox\"]",
            work.resolve("root.tar").toString(),
            "imported:1"
          };
      case "commit" -> new String[] {"commit", "source", "committed:1"};
      case "unpack" ->
          new String[] {"run", "--rm", "--pull=never", name, "/bin/busybox", "wc", "-c", "/noise"};
      case "tag" -> new String[] {"tag", name, "tagged:1"};
      case "rmi" -> new String[] {"rmi", "-f", name};
      case "prune" -> new String[] {"image", "prune", "-a", "-f"};
      default -> throw new AssertionError(operation);
    };
  }

  private static void prepare(Product on, String operation) {
    switch (operation) {
      case "commit" -> {
        on.kapsel("pull", "-q", name).ok();
        on.kapsel("run", "--name", "source", name, "/bin/busybox", "cp", "/noise", "/copy").ok();
      }
      case "unpack" -> {
        on.kapsel("pull", "-q", name).ok();
        on.stopEngine();
        Command.of("sh", "-c", "rm -r \"$0\"/layers/sha256/*", on.state().toString()).run().ok();
      }
      case "tag", "rmi", "prune" -> on.kapsel("pull", "-q", name).ok();
      default -> {}
    }
  }

  /** What has a name is whole: each of its blobs has its digest, and its program runs. */
  private static void namedIsWhole(Product on) {
    Path blobs = on.state().resolve("images/blobs/sha256");
    for (String each : HostFiles.names(blobs)) {
      if (each.endsWith(".new")) {
        continue;
      }
      String found = Command.of("sha256sum", blobs.resolve(each).toString()).run().ok().line();
      assertThat(found).startsWith(each);
    }
    for (String line : on.kapsel("images").ok().lines()) {
      String[] columns = line.split("\\s+");
      if (!columns[0].equals("REPOSITORY") && !columns[0].equals("<none>")) {
        runs(on, columns[0] + ":" + columns[1]);
      }
    }
  }

  private static void runs(Product on, String image) {
    Result run =
        on.kapsel("run", "--rm", "--pull=never", image, "/bin/busybox", "wc", "-c", "/bin/busybox");
    assertThat(run.ok().out()).contains("/bin/busybox");
  }

  private static void nothingLiesAbout(Product on) {
    if (!on.kapsel("ps", "-aq").ok().out().isEmpty()) {
      on.removeAll();
    }
    on.kapsel("image", "prune", "-a", "-f").ok();
    Set<String> left = new TreeSet<>(HostFiles.names(on.state().resolve("images/blobs/sha256")));
    left.addAll(HostFiles.names(on.state().resolve("layers/sha256")));
    assertThat(left).isEmpty();
    assertThat(HostFiles.names(on.state().resolve("images")))
        .containsExactlyInAnyOrder("blobs", "index.json", "oci-layout");
    assertThat(HostFiles.names(on.state().resolve("downloads")))
        .allMatch(each -> each.endsWith(".part")); // what a later pull goes on with
  }

  private static List<Long> moments() {
    long seed = Long.getLong("kapsel.seed", System.nanoTime());
    System.out.println("engines are killed at random with -Dkapsel.seed=" + seed);
    return LongStream.concat(
            MOMENTS_MILLIS.stream().mapToLong(TimeUnit.MILLISECONDS::toMicros),
            new SplittableRandom(seed).longs(MORE_MOMENTS, 0, LATEST_MOMENT_MICROS))
        .boxed()
        .toList();
  }

  @ParameterizedTest
  @Timeout(value = 5, unit = TimeUnit.MINUTES) // it starts an engine for each moment
  @ValueSource(strings = {"pull", "unpack", "load", "import", "commit", "tag", "rmi", "prune"})
  void anEngineKilledAtAnyMomentLeavesNothingHalf(String operation) throws Exception {
    for (long micros : moments()) {
      prepare(product, operation);
      kapsel("ps").ok();
      long engine = product.engine();
      Process client = product.command(words(operation)).start();
      LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(micros));
      Command.of("kill", "-KILL", Long.toString(engine)).run();
      assertThat(client.waitFor(30, TimeUnit.SECONDS)).as("the client ends").isTrue();

      namedIsWhole(product);
      if (!operation.equals("rmi") || kapsel("images", "-q").ok().out().isBlank()) {
        Result again = kapsel(words(operation));
        assertThat(again.exitCode()).as(again.toString()).isIn(0, operation.equals("rmi") ? 1 : 0);
      }
      nothingLiesAbout(product);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pull", "load", "import", "commit"})
  void aDiskThatIsFullIsToldAndLeavesNothingHalf(String operation) {
    Product full = Product.fresh();
    Command.of("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", full.state().toString())
        .run()
        .ok();
    try {
      for (int room : ROOM_KIB) {
        prepare(full, operation);
        Path filler = full.state().resolve("filler");
        fill(full, filler, room);
        Result result = full.kapsel(words(operation));
        if (result.exitCode() != 0) {
          assertThat(result.err())
              .as(room + " KiB")
              .startsWith("kapsel: cannot ")
              .containsIgnoringCase("no space left on device");
        }
        Command.of("rm", filler.toString()).run().ok();
        namedIsWhole(full);
        full.kapsel(words(operation)).ok();
        runs(full, made(operation));
        nothingLiesAbout(full);
      }
    } finally {
      full.stopEngine();
      Await.until(
          Duration.ofSeconds(10),
          () -> "the state is unmounted",
          () -> Command.of("umount", full.state().toString()).run().exitCode() == 0);
      full.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tag", "rmi", "prune"})
  void aDiskThatIsFullLosesNoNamesAndIsEmptiedLater(String operation) {
    Product full = Product.fresh();
    Command.of("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", full.state().toString())
        .run()
        .ok();
    try {
      for (int room : List.of(0, 4, 60)) {
        prepare(full, operation);
        String before = full.kapsel("images", "-q").ok().out();
        Path filler = full.state().resolve("filler");
        fill(full, filler, room);
        Result result = full.kapsel(words(operation));
        if (result.exitCode() != 0) {
          assertThat(result.err())
              .as(room + " KiB")
              .containsIgnoringCase("no space left on device");
          assertThat(full.kapsel("images", "-q").ok().out()).isEqualTo(before);
        }
        Command.of("rm", filler.toString()).run().ok();
        namedIsWhole(full);
        if (result.exitCode() != 0) {
          full.kapsel(words(operation)).ok();
        }
        nothingLiesAbout(full);
      }
    } finally {
      full.stopEngine();
      Await.until(
          Duration.ofSeconds(10),
          () -> "the state is unmounted",
          () -> Command.of("umount", full.state().toString()).run().exitCode() == 0);
      full.close();
    }
  }

  private static void fill(Product on, Path filler, int roomKib) {
    Await.until("the rest is taken", () -> filled(on, filler, roomKib)); // others give room back
  }

  private static boolean filled(Product on, Path filler, int roomKib) {
    String free = Command.of("stat", "-f", "-c", "%a %S", on.state().toString()).run().ok().line();
    long kib =
        Long.parseLong(free.split(" ")[0]) * Long.parseLong(free.split(" ")[1]) / 1024 - roomKib;
    String size = Math.max(kib, 1) + "KiB";
    return Command.of("fallocate", "-l", size, filler.toString()).run().exitCode() == 0;
  }
}
