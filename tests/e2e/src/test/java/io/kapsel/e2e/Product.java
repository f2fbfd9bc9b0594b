package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The built distribution with places of its own on disk, and so an engine of its own, which its
 * first command starts.
 */
final class Product implements AutoCloseable {
  static final Path DIST = Path.of(System.getProperty("kapsel.dist")).normalize();

  private static final String HOME = "kapsel-e2e-";

  private final Path home;
  private final Optional<Long> network;
  private final String defaultNetwork;
  private final Path distribution;

  private Product(Path home, Optional<Long> network, String defaultNetwork, Path distribution) {
    this.home = home;
    this.distribution = distribution;
    this.network = network;
    this.defaultNetwork = defaultNetwork;
  }

  /** The same with its engine in the network of that process, where containers have bridges. */
  Product in(long pid) {
    return new Product(home, Optional.of(pid), "bridge", distribution);
  }

  /** The same places, used by another distribution. */
  Product by(Path other) {
    return new Product(home, network, defaultNetwork, other);
  }

  /** Nothing runs yet. The paths are short, since those of sockets have to be. */
  static Product fresh() {
    if (!Files.isExecutable(DIST.resolve("bin/kapsel"))) {
      throw new AssertionError("there is no built distribution at " + DIST);
    }
    try {
      Path home = Files.createTempDirectory(Path.of("/tmp"), HOME);
      Files.createDirectories(home.resolve("run"));
      Files.createDirectories(home.resolve("state"));
      Command.of("chmod", "755", home.toString()).run().ok();
      return new Product(home, Optional.empty(), "none", DIST);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path home() {
    return home;
  }

  Path run() {
    return home.resolve("run");
  }

  Path state() {
    return home.resolve("state");
  }

  /** A command line of the client, to be completed and run. */
  Command command(String... arguments) {
    List<String> words = new ArrayList<>();
    network.ifPresent(
        pid -> words.addAll(List.of("nsenter", "-t", Long.toString(pid), "-n", "--")));
    words.add(distribution.resolve("bin/kapsel").toString());
    words.addAll(Arrays.asList(arguments));
    return environment(new Command(words));
  }

  /** A Java program upon the modules of the distribution, which knows no engine yet. */
  Command java(Path source) {
    return Command.of(
        Path.of(System.getProperty("java.home"), "bin/java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-Djava.io.tmpdir=" + home,
        "-p",
        distribution.resolve("lib/kapsel/modules").toString(),
        "--add-modules",
        "io.kapsel.api",
        "--enable-native-access=io.kapsel.linux",
        source.toString());
  }

  /** Adds what leads a client to this engine. */
  Command environment(Command command) {
    return command
        .env("KAPSEL_RUN", run().toString())
        .env("KAPSEL_STATE", state().toString())
        .env("KAPSEL_NETWORK", defaultNetwork)
        .env("HOME", "/root")
        .env("TERM", "xterm");
  }

  /** Runs a command of the client to its end. */
  Result kapsel(String... arguments) {
    return command(arguments).run();
  }

  /** What the machine calls before it goes down. */
  Result shutDown() {
    List<String> words =
        List.of(
            DIST.resolve("lib/kapsel/kapseld").toString(),
            "--shutdown",
            run().toString(),
            state().toString());
    return environment(new Command(words)).run();
  }

  /** The engine's pid: whoever listens on its socket; 0 when nobody does. */
  long engine() {
    String socket = run().resolve("kapsel.sock").toString();
    String inode =
        HostFiles.read("/proc/" + network.map(Object::toString).orElse("self") + "/net/unix")
            .lines()
            .filter(line -> line.endsWith(" " + socket))
            .map(line -> line.split("\\s+"))
            .filter(parts -> parts[3].equals("00010000"))
            .map(parts -> parts[6])
            .findFirst()
            .orElse("");
    return inode.isEmpty() ? 0 : holder("socket:[" + inode + "]");
  }

  private static long holder(String target) {
    for (long pid : HostFiles.pids()) {
      Path descriptors = Path.of("/proc/" + pid + "/fd");
      for (String descriptor : HostFiles.names(descriptors)) {
        if (HostFiles.link(descriptors.resolve(descriptor).toString()).equals(target)) {
          return pid;
        }
      }
    }
    return 0;
  }

  /** Ends the engine without a warning and waits until it is gone. */
  void killEngine() {
    end("KILL");
  }

  /** Asks the engine to leave and waits until it has. */
  void stopEngine() {
    end("TERM");
  }

  private void end(String signal) {
    long pid = engine();
    if (pid == 0) {
      return;
    }
    Command.of("kill", "-" + signal, Long.toString(pid)).run();
    Await.until(
        Duration.ofSeconds(10),
        () -> "the engine ends after SIG" + signal,
        () -> !HostFiles.alive(pid));
  }

  /** Removes every container there is. */
  void removeAll() {
    List<String> ids = kapsel("ps", "-aq").ok().lines();
    if (!ids.isEmpty()) {
      List<String> words = new ArrayList<>(List.of("rm", "-f"));
      words.addAll(ids);
      kapsel(words.toArray(String[]::new)).ok();
    }
  }

  /**
   * The containers that are recorded on disk. What the engine keeps ready for the next ones has no
   * record; whether it takes that back, and all that is half made, {@link #close} sees.
   */
  List<String> containersOnDisk() {
    Path place = state().resolve("containers");
    return HostFiles.names(place).stream()
        .filter(name -> Files.exists(place.resolve(name).resolve("container.json")))
        .toList();
  }

  /** What containers have left on disk: directories of each of the two places. */
  List<String> directories() {
    List<String> found = new ArrayList<>();
    for (Path place : List.of(run().resolve("containers"), state().resolve("containers"))) {
      for (String name : HostFiles.names(place)) {
        found.add(place.resolve(name).toString());
      }
    }
    return found;
  }

  /** Mounts of the host that lie in or come from our places. */
  List<String> mounts() {
    return HostFiles.read("/proc/self/mountinfo")
        .lines()
        .filter(line -> line.contains(home.toString()))
        .toList();
  }

  /** Stops the engine, asserts that nothing of it is left, and removes its places. */
  @Override
  public void close() {
    long engine = engine();
    if (engine != 0) {
      removeAll();
      List<Long> family = HostFiles.descendants(engine);
      stopEngine();
      Await.until(
          Duration.ofSeconds(10),
          () -> "processes of the engine end: " + family.stream().filter(HostFiles::alive).toList(),
          () -> family.stream().noneMatch(HostFiles::alive));
    }
    List<String> left = new ArrayList<>(mounts());
    left.addAll(directories());
    HostFiles.delete(home);
    if (!left.isEmpty()) {
      throw new AssertionError("left behind: " + left);
    }
  }

  /** Whether the engine still is the one that {@code pid} names. */
  boolean isEngine(long pid) {
    return pid != 0 && engine() == pid;
  }

  /** Those that came later than {@code before} and are empty, but for what other engines have. */
  static List<String> emptyCgroups(Set<String> before) {
    Set<String> now = cgroups();
    now.removeAll(before);
    Set<String> others = others();
    return now.stream()
        .filter(group -> !others.contains(String.valueOf(Path.of(group).getFileName())))
        .filter(Product::isEmpty)
        .toList();
  }

  /** A system in a container has its processes in groups below. */
  private static boolean isEmpty(String group) {
    return HostFiles.read(group + "/cgroup.procs").isEmpty()
        && !HostFiles.read(group + "/cgroup.events").contains("populated 1");
  }

  /** What engines have, which tests in another process have started: also what is only ready. */
  private static Set<String> others() {
    return HostFiles.names(Path.of("/tmp")).stream()
        .filter(name -> name.startsWith(HOME))
        .map(name -> Path.of("/tmp", name))
        .flatMap(
            home -> // some have another engine in a directory there
            Stream.concat(Stream.of(home), HostFiles.names(home).stream().map(home::resolve)))
        .flatMap(place -> HostFiles.names(place.resolve("run/containers")).stream())
        .collect(Collectors.toSet());
  }

  /** The cgroups of Kapsel's containers on this machine, of every hierarchy. */
  static Set<String> cgroups() {
    Result found =
        Command.of("find", "/sys/fs/cgroup", "-maxdepth", "3", "-path", "*/kapsel/*", "-type", "d")
            .run();
    return new java.util.TreeSet<>(found.lines());
  }
}
