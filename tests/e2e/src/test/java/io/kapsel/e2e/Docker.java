package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Debian's Docker with a daemon, a socket and a root of data of its own; it makes no network. */
final class Docker implements AutoCloseable {
  private final Path home;
  private final Process daemon;

  private Docker(Path home, Process daemon) {
    this.home = home;
    this.daemon = daemon;
  }

  static Docker start(Path directory) {
    try {
      Path home = Files.createDirectories(directory.resolve("docker"));
      Files.writeString(home.resolve("daemon.json"), "{}");
      Path log = home.resolve("log");
      Process daemon =
          Command.of(
                  "sh",
                  "-c",
                  "exec dockerd --config-file $0/daemon.json --data-root $0/data --exec-root $0/run"
                      + " --pidfile $0/pid --host unix://$0/sock --bridge=none --iptables=false"
                      + " --ip6tables=false --storage-driver overlay2 >$0/log 2>&1",
                  home.toString())
              .start();
      Docker docker = new Docker(home, daemon);
      Await.until(
          Duration.ofSeconds(60),
          () -> "dockerd answers: " + HostFiles.read(log),
          () -> docker.command("version").run().exitCode() == 0);
      return docker;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String socket() {
    return "unix://" + home.resolve("sock");
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
    List<String> left = docker("ps", "-aq").lines();
    if (!left.isEmpty()) {
      List<String> words = new ArrayList<>(List.of("rm", "-f"));
      words.addAll(left);
      docker(words.toArray(String[]::new));
    }
    daemon.destroy();
    daemon.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    HostFiles.delete(home);
  }
}
