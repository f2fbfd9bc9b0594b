package io.kapsel.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Measures every promise of SPECIFICATION.md and prints a table; started by bench/run. */
public final class Bench {
  private final Places places;
  private final boolean quick;
  private final List<Figure> figures = new ArrayList<>();

  private Bench(Places places, boolean quick) {
    this.places = places;
    this.quick = quick;
  }

  /**
   * Arguments: the checkout, the directory with the compiled tools, the disk that is written, and
   * perhaps {@code --quick}.
   */
  public static void main(String[] arguments) throws IOException {
    Places places =
        Places.make(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]));
    Bench bench = new Bench(places, List.of(arguments).contains("--quick"));
    try {
      bench.measure();
    } finally {
      places.remove();
    }
    bench.print();
    System.exit(bench.figures.stream().allMatch(Figure::held) ? 0 : 1);
  }

  private void measure() throws IOException {
    try (Engine engine = new Engine(places.client(), places.home())) {
      say("whole processes, interleaved");
      figures.addAll(new WholeProcess(places, engine).measure(quick ? 40 : 300));
      say("the OCI runtime, interleaved");
      figures.addAll(new OciLaunches(places, engine).measure(quick ? 30 : 200));
      say("launches in a warm engine, interleaved with the floor");
      figures.addAll(new Launches(places).measure(quick ? 100 : 600));
      say("memory of idle containers");
      figures.addAll(new Memory(engine, places).perContainer(quick ? 20 : 50));
      say("cold starts");
      figures.add(new WholeProcess(places, engine).coldStart(quick ? 3 : 9));
      say("memory of the engine");
      figures.addAll(new Memory(engine, places).ofEngine(quick ? 1_000 : 10_000));
      say("fsync on the launch path");
      figures.add(new WholeProcess(places, engine).syncs(20));
      figures.addAll(Sizes.measure(places.checkout()));
    }
  }

  static void say(String what) {
    System.err.println("bench: " + what);
  }

  private void print() throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("| check | what | promise | measured | held | from |");
    lines.add("|---|---|---|---|---|---|");
    figures.forEach(figure -> lines.add(figure.row()));
    String table = String.join("\n", lines) + "\n";
    System.out.print(table);
    Path results = Files.createDirectories(places.checkout().resolve("bench/target/results"));
    Files.writeString(results.resolve("table.md"), table, StandardCharsets.UTF_8);
    for (var raw : places.raw().entrySet()) {
      Files.write(
          results.resolve(raw.getKey() + ".txt"),
          raw.getValue().values().stream().map(Figure::text).toList());
    }
    say("the raw numbers are in " + results);
  }
}
