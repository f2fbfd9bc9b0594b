package io.kapsel.bench;

import java.util.ArrayList;
import java.util.List;

/** What a user waits for: processes from start to exit. */
final class WholeProcess {
  /** crun refuses hybrid hosts whose unified tree has a controller; all get the same view. */
  private static final String WITHOUT_UNIFIED =
      "[ ! -d /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified; exec \"$@\"";

  private final Places places;
  private final Engine engine;

  WholeProcess(Places places, Engine engine) {
    this.places = places;
    this.engine = engine;
  }

  /** The beginning of a command that runs others in turn. */
  static List<String> interleaved(Places places, int rounds) {
    List<String> words =
        new ArrayList<>(List.of("unshare", "-m", "sh", "-c", WITHOUT_UNIFIED, "sh"));
    words.addAll(List.of(places.tools().resolve("timer").toString(), "" + rounds));
    return words;
  }

  /** A no-op by each system, in turn. */
  List<Figure> measure(int rounds) {
    List<String> words = interleaved(places, rounds);
    words.add("--");
    String bundle = places.home().resolve("bundle").toString();
    words.addAll(engine.words("run", "--rm", "--network", "none", "dir:" + places.root(), "/true"));
    words.addAll(List.of("--", "crun", "run", "-b", bundle, "kapsel-bench-crun"));
    words.addAll(List.of("--", "runc", "run", "-b", bundle, "kapsel-bench-runc"));
    words.addAll(
        List.of(
            "--",
            "bwrap",
            "--unshare-all",
            "--bind",
            places.root().toString(),
            "/",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            "/true"));
    warmUp();
    String[] names = {"run-kapsel", "run-crun", "run-runc", "run-bwrap"};
    for (String line : Tool.run(engine.environment(), words)) {
      String[] parts = line.split(" ");
      for (int i = 0; i < names.length; i++) {
        places.samples(names[i]).add(Double.parseDouble(parts[i]) / 1000);
      }
    }
    return List.of(
        Figure.atMost(
            "run-vs-crun",
            "`kapsel run --rm` against `crun run`",
            ratio("run-crun"),
            0.25,
            medians("run-crun")),
        Figure.atMost(
            "run-vs-runc", "against `runc run`", ratio("run-runc"), 0.15, medians("run-runc")),
        Figure.reported(
            "run-vs-bwrap",
            "against `bwrap` with its defaults",
            ratio("run-bwrap"),
            medians("run-bwrap")));
  }

  /** An engine that has done something before is what users have. */
  private void warmUp() {
    timer(200, "run", "--rm", "--network", "none", "dir:" + places.root(), "/true");
  }

  private List<String> timer(int rounds, String... arguments) {
    List<String> words =
        Tool.words(List.of(places.tools().resolve("timer").toString()), "" + rounds, "--");
    words.addAll(engine.words(arguments));
    return Tool.run(engine.environment(), words);
  }

  private double ratio(String peer) {
    return places.samples("run-kapsel").median() / places.samples(peer).median();
  }

  private String medians(String peer) {
    return "%s ms to %s ms"
        .formatted(
            Figure.text(places.samples("run-kapsel").median()),
            Figure.text(places.samples(peer).median()));
  }

  /** From no engine to the answer of the first command. */
  Figure coldStart(int rounds) {
    Samples samples = places.samples("cold-start");
    for (int i = 0; i < rounds; i++) {
      engine.stop();
      samples.add(Double.parseDouble(timer(1, "ps").getFirst()) / 1e6);
    }
    return Figure.atMost(
        "cold-start",
        "first answer after a cold start, s",
        samples.median(),
        0.8,
        "median of " + rounds);
  }

  /** Calls that force something to disk while containers are launched. */
  Figure syncs(int rounds) {
    timer(1, "ps");
    String trace = places.home().resolve("trace").toString();
    String script =
        "strace -f -qq -e trace=fsync,fdatasync,sync,syncfs,sync_file_range -o \"$1\" -p \"$2\" & p=$!;"
            + " until grep -q TracerPid:.$p /proc/$2/status; do :; done; shift 2; \"$@\"; s=$?; kill $p; wait $p; exit $s";
    List<String> words = Tool.words(List.of("sh"), "-c", script, "sh", trace, "" + engine.pid());
    words.addAll(List.of(places.tools().resolve("timer").toString(), "" + rounds, "--"));
    words.addAll(engine.words("run", "--rm", "--network", "none", "dir:" + places.root(), "/true"));
    Tool.run(engine.environment(), words);
    long calls =
        Tool.read(places.home().resolve("trace"))
            .lines()
            .filter(line -> line.contains("sync"))
            .count();
    return Figure.atMost(
        "fsync",
        "calls of fsync in " + rounds + " launches with `--rm`",
        (double) calls,
        0,
        "strace");
  }
}
