package io.kapsel.cli.front;

import io.kapsel.cli.config.Configuration;
import io.kapsel.cli.config.LiveConfiguration;
import io.kapsel.cli.server.Request;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The kapsel front over an engine without a kernel. */
final class FrontFixture {
  final FakeEngine engine;
  FakeClient client = new FakeClient();
  List<String> environment = List.of("HOME=/root", "LANG=C");
  Path directory = Path.of("/srv/work");
  Request.Terminals terminals = new Request.Terminals(false, false, false);
  private final KapselFront front;

  /** What the engine keeps is in {@code files}. */
  FrontFixture(Supplier<Path> files) {
    engine = new FakeEngine(files);
    front =
        new KapselFront(
            engine,
            Clock.fixed(FakeEngine.NOW, ZoneOffset.UTC),
            new LiveConfiguration(Configuration.usual(), Map.of(), _ -> {}));
  }

  /** Serves the words of a line, which are divided by single spaces. */
  int serve(String line) {
    return serve(line.isEmpty() ? List.of() : List.of(line.split(" ")));
  }

  int serve(List<String> words) {
    client = new FakeClient();
    return go(words);
  }

  int go(List<String> words) {
    List<String> argv = new ArrayList<>(List.of("kapsel"));
    argv.addAll(words);
    return front.serve(
        new Request(
            argv,
            environment,
            directory,
            terminals,
            022,
            new Request.WindowSize((short) 50, (short) 132),
            (int) ProcessHandle.current().pid()),
        client);
  }

  FakeEngine.FakeContainer container(String name, String... words) {
    serve(("create --name " + name + " host: " + String.join(" ", words)).strip());
    engine.deeds.clear();
    return engine.containers.getFirst();
  }

  String out() {
    return client.out.toString();
  }

  String err() {
    return client.err.toString();
  }
}
