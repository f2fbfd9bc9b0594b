package io.kapsel.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** The built distribution, with places of its own: what a user starts and looks at. */
final class Engine implements AutoCloseable {
  private static final long STEP_NANOS = 5_000_000;

  private final Path client;
  private final Path home;

  Engine(Path client, Path home) {
    this.client = client;
    this.home = home;
  }

  Map<String, String> environment() {
    return Map.of(
        "KAPSEL_RUN",
        home.resolve("run").toString(),
        "KAPSEL_STATE",
        home.resolve("state").toString());
  }

  List<String> words(String... arguments) {
    List<String> words = new ArrayList<>(List.of(client.toString()));
    words.addAll(Arrays.asList(arguments));
    return words;
  }

  List<String> kapsel(String... arguments) {
    return Tool.run(environment(), words(arguments));
  }

  long pid() {
    String text = Tool.read(home.resolve("run/engine.pid")).strip();
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  /** Lets the engine leave; the next command starts another. */
  void stop() {
    long pid = pid();
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
    while (pid != 0 && ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  /** Resident memory in MB. */
  double residentMegabytes() {
    return kilobytes("/proc/" + pid() + "/status", "VmRSS:") / 1024;
  }

  /** A field of a file of /proc that is given in kB. */
  static double kilobytes(String file, String field) {
    return Tool.read(Path.of(file))
        .lines()
        .filter(line -> line.startsWith(field))
        .mapToDouble(
            line -> Double.parseDouble(line.substring(field.length()).strip().split(" ")[0]))
        .findFirst()
        .orElse(0);
  }

  /** The proportional share of memory of a process, in KB. */
  static double share(long pid) {
    return kilobytes("/proc/" + pid + "/smaps_rollup", "Pss:");
  }

  /** The engine's launchers: the zygote, and the monitors that it has forked. */
  List<Long> launchers() {
    return ProcessHandle.of(pid()).stream()
        .flatMap(ProcessHandle::children)
        .flatMap(zygote ->
            java.util.stream.Stream.concat(java.util.stream.Stream.of(zygote), zygote.children()))
        .map(ProcessHandle::pid)
        .toList();
  }

  @Override
  public void close() {
    List<String> ids = kapsel("ps", "-aq");
    if (!ids.isEmpty()) {
      List<String> words = words("rm", "-f");
      words.addAll(ids);
      Tool.run(environment(), words);
    }
    stop();
  }
}
