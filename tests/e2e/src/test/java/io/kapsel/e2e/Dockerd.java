package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A dockerd with places of its own and no network. */
final class Dockerd implements AutoCloseable {
  /** In a mount namespace of its own, so that the host's file stays as it is. */
  private static final String WITH_IDS =
      "echo daemon:300000:65536 >%1$s/ids; mount --make-rprivate /;"
          + " for f in subuid subgid; do mount --bind %1$s/ids /etc/$f; done; exec \"$@\"";

  private final String socket;
  private final Process process;
  private final Path log;
  private final DockerLike client;

  private Dockerd(String socket, Process process, Path log, DockerLike client) {
    this.socket = socket;
    this.process = process;
    this.log = log;
    this.client = client;
  }

  static Dockerd start(Path home, Installation installation, String group) {
    return start(home, List.of(), noBridge(ours(installation)), group);
  }

  /** One with the runtime of its own, and a bridge in the network of that process. */
  static Dockerd withBridge(Path home, String group, long network) {
    List<String> before = List.of("nsenter", "-t", Long.toString(network), "-n", "--");
    return start(home, before, List.of("--storage-driver", "overlay2"), group);
  }

  private static List<String> noBridge(List<String> more) {
    List<String> all = new ArrayList<>(List.of("--bridge", "none", "--ip-forward=false"));
    all.addAll(more);
    return all;
  }

  /** One with the runtime of its own. */
  static Dockerd ofItsOwn(Path home, String group) {
    return start(home, List.of(), noBridge(List.of("--storage-driver", "overlay2")), group);
  }

  private static List<String> ours(Installation installation) {
    return List.of(
        "--add-runtime", "kapsel=" + installation.runtime(), "--default-runtime", "kapsel");
  }

  /** One whose containers' root is user 300000 of the host. */
  static Dockerd withUserNamespaces(Path home, Installation installation, String group) {
    List<String> before = List.of("unshare", "--mount", "sh", "-c", WITH_IDS.formatted(home), "sh");
    List<String> more = new ArrayList<>(ours(installation));
    more.addAll(List.of("--userns-remap", "daemon"));
    return start(home, before, noBridge(more), group);
  }

  private static Dockerd start(Path home, List<String> before, List<String> more, String group) {
    String socket = "unix://" + home.resolve("s");
    List<String> words = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >\"$0\" 2>&1"));
    words.add(home.resolve("log").toString());
    words.addAll(before);
    words.addAll(List.of("dockerd", "--host", socket));
    words.addAll(List.of("--data-root", home.resolve("data").toString()));
    words.addAll(List.of("--exec-root", home.resolve("exec").toString()));
    words.addAll(List.of("--pidfile", home.resolve("pid").toString()));
    words.addAll(List.of("--iptables=false", "--ip6tables=false", "--ip-masq=false"));
    words.addAll(List.of("--cgroup-parent", "/" + group));
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
            List.of("docker", "--host", socket),
            List.of("--network", "none"),
            List.of("rm", "--force", "--volumes"));
    Dockerd dockerd = new Dockerd(socket, process, home.resolve("log"), client);
    Await.until(
        Duration.ofSeconds(40),
        () -> "dockerd answers: " + HostFiles.read(home.resolve("log")),
        () -> client.call("version").exitCode() == 0);
    return dockerd;
  }

  String socket() {
    return socket;
  }

  DockerLike client() {
    return client;
  }

  @Override
  public void close() {
    client.removeAll();
    CallerTest.endDaemon(process, log);
  }
}
