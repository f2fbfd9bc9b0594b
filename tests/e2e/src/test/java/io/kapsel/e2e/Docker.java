package io.kapsel.e2e;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Debian's Docker with its own runtime, to make images with and to run those of others. */
final class Docker implements AutoCloseable {
  private final Path home;
  private final Dockerd daemon;

  Docker(Path directory, String group) {
    home = directory.resolve("docker");
    daemon = Dockerd.ofItsOwn(home, group);
  }

  String socket() {
    return daemon.socket();
  }

  Command command(String... words) {
    List<String> all = new ArrayList<>(List.of("docker"));
    all.addAll(List.of(words));
    return new Command(all)
        .env("DOCKER_HOST", socket())
        .env("DOCKER_BUILDKIT", "0")
        .env("HOME", home.toString())
        .within(Duration.ofSeconds(120));
  }

  Result docker(String... words) {
    return command(words).run().ok();
  }

  @Override
  public void close() {
    daemon.close();
    HostFiles.delete(home);
  }
}
