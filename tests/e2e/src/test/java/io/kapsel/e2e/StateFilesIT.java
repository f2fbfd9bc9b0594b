package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A file of each kind that an engine keeps is damaged: the engine says which, in its log, and works
 * with all the others (row F5). Those of images are looked at in the module {@code image}.
 */
class StateFilesIT extends EndToEnd {
  private enum Damage {
    TRUNCATED,
    ZEROED,
    GARBAGE,
    EMPTY,
    WRONG_SCHEMA;

    byte[] of(byte[] whole) {
      return switch (this) {
        case TRUNCATED -> Arrays.copyOf(whole, whole.length / 2);
        case ZEROED -> new byte[whole.length];
        case GARBAGE -> "\u00ff\u0001{[}]\"\\".getBytes(StandardCharsets.ISO_8859_1);
        case EMPTY -> new byte[0];
        case WRONG_SCHEMA -> "{\"schema\":99,\"name\":7}".getBytes(StandardCharsets.UTF_8);
      };
    }
  }

  private static String make(String... words) {
    return kapsel(words).ok().line();
  }

  private static String container(String name) {
    return make("create", "--name", name, TestRoot.reference(), "/bin/echo", "fine");
  }

  /** By what each is called in the log; of every kind there is another one, which is whole. */
  private static Map<String, Path> makeAll() {
    Path state = product.state();
    Map<String, Path> files = new LinkedHashMap<>();
    String good = container("good");
    String bad = container("bad");
    String changing = container("changing");
    Path containers = state.resolve("containers");
    files.put(bad, containers.resolve(bad).resolve("container.json"));
    files.put(changing, containers.resolve(changing).resolve("layers.json"));
    for (String name : List.of("whole", "broken")) {
      make("volume", "create", name);
      make("snapshot", "good", name);
      make("profile", "create", name, "--memory", "64m");
    }
    String network = make("network", "create", "--subnet", "10.99.1.0/24", "broken");
    make("network", "create", "--subnet", "10.99.2.0/24", "whole");
    files.put(network, state.resolve("networks").resolve(network + ".json"));
    files.put("name=broken", state.resolve("volumes/broken/volume.json"));
    files.put(
        "snapshots/broken", containers.resolve(good).resolve("snapshots").resolve("broken.json"));
    files.put("", state.resolve("profiles/broken.json")); // it is read when somebody asks for it
    return files;
  }

  @ParameterizedTest
  @EnumSource
  void isToldAndHarmsNoOther(Damage damage) throws IOException {
    Map<String, Path> files = makeAll();
    product.stopEngine();
    for (Path each : files.values()) {
      boolean there = Files.exists(each);
      Files.write(
          each,
          damage.of(there ? Files.readAllBytes(each) : "{}".getBytes(StandardCharsets.UTF_8)));
    }

    assertThat(make("start", "-a", "good")).isEqualTo("fine");
    assertThat(make("start", "-a", "changing")).isEqualTo("fine");
    assertThat(kapsel("ps", "-a", "--format", "{{.Names}}").ok().lines())
        .containsExactlyInAnyOrder("good", "changing");
    assertThat(kapsel("volume", "ls", "-q").ok().lines()).containsExactly("whole");
    assertThat(kapsel("network", "ls", "--format", "{{.Name}}").ok().lines())
        .contains("whole")
        .doesNotContain("broken");
    assertThat(kapsel("snapshot", "ls", "-q", "good").ok().lines()).containsExactly("whole");
    assertThat(kapsel("profile", "show", "whole").ok().out()).contains("64m");
    assertThat(kapsel("profile", "show", "broken").err()).startsWith("kapsel: cannot read profile");
    String log = HostFiles.read(product.run().resolve("engine.log"));
    assertThat(files.keySet())
        .allSatisfy(each ->
            assertThat(log.lines())
                .anyMatch(line -> line.contains("ERROR") && line.contains(each)));
    assertThat(kapsel("doctor").out()).contains("set aside", files.keySet().iterator().next());

    container("bad"); // its name is free
    product.killEngine();
    assertThat(make("start", "-a", "bad")).isEqualTo("fine");
    clear();
  }

  private static void clear() throws IOException {
    product.removeAll();
    product.stopEngine();
    for (String each : List.of("quarantine", "volumes", "networks", "profiles")) {
      HostFiles.delete(product.state().resolve(each));
    }
    HostFiles.delete(product.run().resolve("engine.log"));
  }
}
