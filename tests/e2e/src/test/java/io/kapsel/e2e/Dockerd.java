package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A dockerd with places of its own and no network, whose only runtime is ours. */
final class Dockerd implements AutoCloseable {
  /** In a mount namespace of its own, so that the host's file stays as it is. */
  private static final String WITH_IDS =
      "echo daemon:300000:65536 >%1$s/ids; mount --make-rprivate /;"
          + " for f in subuid subgid; do mount --bind %1$s/ids /etc/$f; done; exec \"$@\"";

  private final Process process;
  private final DockerLike client;

  private Dockerd(Process process, DockerLike client) {
    this.process = process;
    this.client = client;
  }

  static Dockerd start(Path home, Installation installation, String group) {
    return start(home, List.of(), List.of(), installation, group);
  }

  /** One whose containers' root is user 300000 of the host. */
  static Dockerd withUserNamespaces(Path home, Installation installation, String group) {
    List<String> before = List.of("unshare", "--mount", "sh", "-c", WITH_IDS.formatted(home), "sh");
    return start(home, before, List.of("--userns-remap", "daemon"), installation, group);
  }

  private static Dockerd start(
      Path home, List<String> before, List<String> more, Installation installation, String group) {
    List<String> words = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >\"$0\" 2>&1"));
    words.add(home.resolve("log").toString());
    words.addAll(before);
    words.addAll(List.of("dockerd", "--host", "unix://" + home.resolve("s")));
    words.addAll(List.of("--data-root", home.resolve("data").toString()));
    words.addAll(List.of("--exec-root", home.resolve("exec").toString()));
    words.addAll(List.of("--pidfile", home.resolve("pid").toString()));
    words.addAll(List.of("--bridge", "none", "--iptables=false", "--ip6tables=false"));
    words.addAll(List.of("--ip-forward=false", "--ip-masq=false"));
    words.addAll(List.of("--add-runtime", "kapsel=" + installation.runtime()));
    words.addAll(List.of("--default-runtime", "kapsel", "--cgroup-parent", "/" + group));
    words.addAll(List.of("--exec-opt", "native.cgroupdriver=cgroupfs"));
    words.addAll(more);
    try {
      Files.createDirectories(home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Process process = new Command(words).start();
    DockerLike client =
        new DockerLike(
            List.of("docker", "--host", "unix://" + home.resolve("s")),
            List.of("--network", "none"),
            List.of("rm", "--force", "--volumes"));
    Dockerd dockerd = new Dockerd(process, client);
    Await.until(
        Duration.ofSeconds(40),
        () -> "dockerd answers: " + HostFiles.read(home.resolve("log")),
        () -> client.call("version").exitCode() == 0);
    return dockerd;
  }

  DockerLike client() {
    return client;
  }

  @Override
  public void close() {
    client.removeAll();
    process.destroy();
    process.onExit().join();
  }
}
