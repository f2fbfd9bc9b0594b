package io.kapsel.bench;

import java.util.List;

/** What containers and launches cost in memory. */
final class Memory {
  private final Engine engine;
  private final Places places;

  Memory(Engine engine, Places places) {
    this.engine = engine;
    this.places = places;
  }

  private void launch(int count) {
    List<String> words =
        Tool.words(List.of(places.tools().resolve("timer").toString()), "" + count, "--");
    words.addAll(engine.words("run", "--rm", "--network", "none", "dir:" + places.root(), "/true"));
    Tool.run(engine.environment(), words);
  }

  private void idle(int count) {
    List<String> words =
        Tool.words(List.of(places.tools().resolve("timer").toString()), "" + count, "--");
    words.addAll(
        engine.words(
            "run", "-d", "--network", "none", "dir:" + places.root(), "/busybox", "sleep", "600"));
    Tool.run(engine.environment(), words);
  }

  /** Monitors by themselves, and all that grows with the number of containers. */
  List<Figure> perContainer(int count) {
    idle(5);
    double before = total();
    List<Long> already = engine.launchers();
    idle(count);
    double after = total();
    Samples monitors = places.samples("monitor-pss");
    engine.launchers().stream()
        .filter(pid -> !already.contains(pid))
        .forEach(pid -> monitors.add(Engine.share(pid)));
    engine.close();
    return List.of(
        Figure.atMost(
            "monitor-pss",
            "monitor of an idle container, KB PSS",
            monitors.median(),
            60,
            "median of " + monitors.values().size()),
        Figure.atMost(
            "container-memory",
            "all in user space per idle container, KB PSS",
            (after - before) / count,
            100,
            "engine and launchers, " + count + " containers"));
  }

  private double total() {
    return Engine.share(engine.pid())
        + engine.launchers().stream().mapToDouble(Engine::share).sum();
  }

  /** The engine after many launches, and after many more. */
  List<Figure> ofEngine(int more) {
    engine.stop();
    launch(1_000);
    double first = engine.residentMegabytes();
    launch(more);
    double second = engine.residentMegabytes();
    return List.of(
        Figure.atMost("engine-rss", "engine after 1,000 launches, MB RSS", first, 90, "VmRSS"),
        Figure.atMost(
            "engine-growth",
            "growth over the next " + more + ", MB",
            Math.max(0, second - first),
            5,
            "from "
                + Figure.text(first)
                + " to "
                + Figure.text(second)
                + "; 5 MB is the noise of a heap"));
  }
}
