package io.kapsel.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The OCI runtime against those whose place it takes, by the same bundle and the same calls. */
final class OciLaunches {
  private static final List<String> RUNTIMES = List.of("kapsel-runc", "crun", "runc");

  private final Places places;
  private final Engine engine;

  OciLaunches(Places places, Engine engine) {
    this.places = places;
    this.engine = engine;
  }

  List<Figure> measure(int rounds) {
    List<String> words = WholeProcess.interleaved(places, rounds);
    RUNTIMES.forEach(runtime -> words.addAll(run(runtime)));
    RUNTIMES.forEach(runtime -> words.addAll(lifeCycle(runtime)));
    warmUp();
    for (String line : Tool.run(engine.environment(), words)) {
      String[] parts = line.split(" ");
      for (int i = 0; i < RUNTIMES.size(); i++) {
        samples("run", RUNTIMES.get(i)).add(milliseconds(parts[i]));
        samples("life", RUNTIMES.get(i)).add(milliseconds(parts[i + RUNTIMES.size()]));
      }
    }
    return List.of(
        figure("oci-run-vs-crun", "`kapsel-runc run` against `crun run`", "run", "crun", 0.30),
        figure("oci-run-vs-runc", "against `runc run`", "run", "runc", 0.15),
        figure(
            "oci-life-vs-crun",
            "`create`, `start` and `delete` together against crun's",
            "life",
            "crun",
            0.50));
  }

  private static double milliseconds(String microseconds) {
    return Double.parseDouble(microseconds) / 1000;
  }

  private Samples samples(String what, String runtime) {
    return places.samples("oci-" + what + "-" + runtime);
  }

  private void warmUp() {
    List<String> words =
        new ArrayList<>(List.of(places.tools().resolve("timer").toString(), "100"));
    words.addAll(run(RUNTIMES.getFirst()));
    words.addAll(lifeCycle(RUNTIMES.getFirst()));
    Tool.run(engine.environment(), words);
  }

  private List<String> run(String runtime) {
    List<String> words = new ArrayList<>(List.of("--"));
    words.addAll(call(runtime, "run"));
    return words;
  }

  private List<String> lifeCycle(String runtime) {
    List<String> words = new ArrayList<>(List.of("--"));
    words.addAll(call(runtime, "create"));
    words.addAll(List.of("+", program(runtime), "start", "kapsel-bench-" + runtime));
    words.addAll(List.of("+", program(runtime), "delete", "--force", "kapsel-bench-" + runtime));
    return words;
  }

  private List<String> call(String runtime, String command) {
    Path bundle = places.home().resolve("bundle");
    return List.of(
        program(runtime), command, "--bundle", bundle.toString(), "kapsel-bench-" + runtime);
  }

  private String program(String runtime) {
    return runtime.equals(RUNTIMES.getFirst())
        ? places.client().resolveSibling(runtime).toString()
        : runtime;
  }

  private Figure figure(String check, String what, String kind, String peer, double limit) {
    double ours = samples(kind, RUNTIMES.getFirst()).median();
    double theirs = samples(kind, peer).median();
    String medians = "%s ms to %s ms".formatted(Figure.text(ours), Figure.text(theirs));
    return Figure.atMost(check, what, ours / theirs, limit, medians);
  }
}
