package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Podman and buildah with a store of their own. */
final class Podman implements AutoCloseable {
  private final Path home;
  private final String group;

  /** In a directory of its own: it wants short paths. */
  Podman(String group) {
    this.group = group;
    try {
      home = Files.createTempDirectory(Path.of("/tmp"), "podman-e2e-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> store(String program) {
    return new ArrayList<>(
        List.of(program, "--root", home.resolve("data").toString(), "--runroot", home + "/run"));
  }

  private Result run(List<String> words, String... more) {
    words.addAll(List.of(more));
    return new Command(words)
        .env("HOME", home.toString())
        .within(Duration.ofSeconds(120))
        .run()
        .ok();
  }

  Result podman(String... words) {
    List<String> all = store("podman");
    all.addAll(List.of("--cgroup-manager", "cgroupfs"));
    return run(all, words);
  }

  /** A container of it; runc, since crun refuses hybrid hosts, and limits that anybody may set. */
  Result container(String... words) {
    List<String> all = store("podman");
    all.addAll(
        List.of("--cgroup-manager", "cgroupfs", "run", "--runtime", "runc", "--network", "none"));
    all.addAll(List.of("--cgroup-parent", "/" + group));
    all.addAll(List.of("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"));
    return run(all, words);
  }

  Result buildah(String... words) {
    return run(store("buildah"), words);
  }

  @Override
  public void close() {
    podman("rm", "-a", "-f", "-t", "0");
    podman("rmi", "-a", "-f");
    Command.of("umount", home.resolve("data/overlay").toString()).run(); // it bind-mounts itself
    HostFiles.delete(home);
  }
}
