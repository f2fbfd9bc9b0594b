package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images of Docker, Podman, buildah, skopeo and umoci come in whole, and ours arrive there whole:
 * the roots of containers are walked and compared file by file.
 */
class OtherEnginesIT extends EndToEnd {
  private static final String CHANGES =
      """
      rm /h/1; rm -r /opaque; mkdir /opaque; echo n >/opaque/n
      chown 11:12 /odd/setuid; chmod 6755 /odd/setuid; ln /last /last2
      mkdir /new; echo x >/new/x; touch -d '2001-02-03 04:05:06' /new/x; chown 3:4 /new
      rm /odd/old; mkdir /odd/old; echo app2:x:9:9::/:/bin/sh >>/etc/passwd
      ln -s /nowhere /new/l; mkfifo /new/p; chmod 711 /odd
      """;
  private static final String STAY = "echo ready; while sleep 1; do :; done";

  private static Path work;
  private static CgroupParent parent;
  private static Registry registry;
  private static Docker docker;
  private static Podman podman;
  private static String made;

  @BeforeAll
  static void buildElsewhere() throws IOException {
    work = Files.createDirectories(product.home().resolve("work"));
    for (String each : List.of("Dockerfile", "odd.py", "walk.py", "config.py")) {
      try (InputStream in = OtherEnginesIT.class.getResourceAsStream("/images/" + each)) {
        Files.copy(in, work.resolve(each));
      }
    }
    registry = Registry.start(work, "");
    parent = CgroupParent.fresh();
    docker = new Docker(work, parent.name());
    podman = new Podman(parent.name());
    made = registry.name("team/made:12");
    host("mkdir context; cp Dockerfile /bin/busybox context; python3 odd.py context/odd.tar");
    docker
        .command("build", "-q", "--network", "none", "-t", "made:12", work + "/context")
        .run()
        .ok();
    host(
        "skopeo copy -q --src-daemon-host %s --dest-tls-verify=false docker-daemon:made:12"
            + " docker://%s",
        docker.socket(), made);
  }

  @AfterAll
  static void endOthers() {
    try (CgroupParent _ = parent;
        Registry _ = registry;
        Docker _ = docker;
        Podman _ = podman) {
      // each of them, also when another does not end well
    }
  }

  private static Result host(String script, Object... values) {
    return Command.of("sh", "-ec", "cd " + work + "; " + script.formatted(values)).run().ok();
  }

  private static List<String> walk(String pid) {
    List<String> lines = Command.of("python3", work + "/walk.py", pid).run().ok().lines();
    assertThat(lines).hasSizeGreaterThan(200);
    return lines;
  }

  private static void same(String what, List<String> found, List<String> expected) {
    assertThat(found.stream().filter(each -> !expected.contains(each)))
        .as(what + ": not in the other")
        .isEmpty();
    assertThat(expected.stream().filter(each -> !found.contains(each)))
        .as(what + ": in the other only")
        .isEmpty();
  }

  private static String configuration(Result inspected) {
    return Command.of("python3", work + "/config.py").input(inspected.stdout()).run().ok().out();
  }

  private static String ours(String image, String... flags) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--entrypoint", "/bin/sh"));
    words.addAll(List.of(flags));
    words.addAll(List.of(image, "-c", STAY));
    String id = kapsel(words.toArray(String[]::new)).ok().line();
    return pid(id);
  }

  private static String pid(String container) {
    return kapsel("inspect", "-f", "{{.State.Pid}}", container).ok().line();
  }

  private static String dockers(String image) {
    String id =
        docker
            .docker("run", "-d", "--network", "none", "--entrypoint", "/bin/sh", image, "-c", STAY)
            .line();
    return docker.docker("inspect", "-f", "{{.State.Pid}}", id).line();
  }

  private static String podmans(String image) {
    String id = podman.container("-d", "--entrypoint", "/bin/sh", image, "-c", STAY).line();
    return podman.podman("inspect", "-f", "{{.State.Pid}}", id).line();
  }

  @Test
  void anImageOfTwelveLayersGoesAroundThroughAllEnginesAndStaysTheSame() {
    assertThat(docker.docker("inspect", "-f", "{{len .RootFS.Layers}}", "made:12").line())
        .isEqualTo("12");
    kapsel("pull", made).ok();
    assertThat(kapsel("run", "--rm", made).ok().line()).isEqualTo("image ran as 7 in /tmp");
    same("pulled", walk(ours(made)), walk(dockers("made:12")));
    assertThat(configuration(kapsel("inspect", made).ok()))
        .isEqualTo(configuration(docker.docker("image", "inspect", "made:12")));

    String changing = ours(made, "--name", "changing");
    kapsel("exec", "-u", "0", "changing", "sh", "-ec", CHANGES).ok();
    host(
        "python3 -c \"import os; os.setxattr('/proc/%s/root/new/x', 'user.mine', b'\\\\0\\\\xff')\"",
        changing);
    String changed = registry.name("team/changed:1");
    kapsel(
            "commit",
            "-c",
            "ENV MORE=yes",
            "-c",
            "LABEL k=v",
            "-c",
            "EXPOSE 99",
            "changing",
            changed)
        .ok();
    kapsel("push", changed).ok();
    docker.docker("pull", "-q", changed);
    podman.podman("pull", "-q", "--tls-verify=false", changed);

    List<String> expected = walk(changing);
    assertThat(String.join("\n", expected))
        .contains("b'/new/x'", "00ff", "11:12")
        .doesNotContain("b'/h/1' -");
    same("committed", walk(ours(changed)), expected);
    same("docker's", walk(dockers(changed)), expected);
    same("podman's", walk(podmans(changed)), expected);
    String said = configuration(kapsel("inspect", changed).ok());
    assertThat(said).contains("MORE=yes", "\"k\": \"v\"", "99/tcp", "/data", "SIGINT");
    assertThat(configuration(docker.docker("image", "inspect", changed))).isEqualTo(said);
    assertThat(configuration(podman.podman("image", "inspect", changed))).isEqualTo(said);
  }

  /** Each of them as its engine writes it, from the same image. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "docker save",
        "podman docker-archive",
        "podman oci-archive",
        "skopeo docker-archive",
        "skopeo oci-archive",
        "buildah docker-archive",
        "buildah oci-archive",
        "umoci layout"
      })
  void archivesOfOthersAreRead(String writer) {
    Path file = work.resolve("in.tar");
    String from = "--src-daemon-host " + docker.socket() + " docker-daemon:made:12";
    String form = writer.substring(writer.indexOf(' ') + 1);
    switch (writer.split(" ")[0]) {
      case "docker" -> docker.docker("save", "-o", file.toString(), "made:12");
      case "skopeo" -> host("skopeo copy -q %s %s:%s:made:12", from, form, file);
      case "podman" -> {
        inPodman();
        podman.podman("save", "-q", "--format", form, "-o", file.toString(), "made:12");
      }
      case "buildah" -> {
        inPodman();
        podman.buildah("push", "-q", "made:12", form + ":" + file + ":made:12");
      }
      default ->
          host(
              "rm -rf lay; skopeo copy -q %s oci:lay:old; umoci tag --image lay:old made:12;"
                  + " umoci rm --image lay:old; umoci gc --layout lay; tar -C lay -cf %s .",
              from, file);
    }
    Result loaded = kapsel("load", "-i", file.toString()).ok();
    String name = loaded.line().replaceFirst("Loaded image(?: ID)?: ", "");
    assertThat(name).as(writer).endsWith("made:12");
    assertThat(kapsel("run", "--rm", name).ok().line()).isEqualTo("image ran as 7 in /tmp");
    same(writer, walk(ours(name)), walk(dockers("made:12")));
    product.removeAll();
    kapsel("rmi", name).ok();
    host("rm -rf in.tar lay");
  }

  private static void inPodman() {
    if (podman.podman("images", "-q", "made:12").out().isEmpty()) {
      podman.podman("pull", "-q", "--tls-verify=false", made);
      podman.podman("tag", made, "made:12");
      podman.podman("untag", made, made);
    }
  }

  @Test
  void ourArchivesAreReadByAllOthers() {
    kapsel("pull", "-q", made).ok();
    kapsel("tag", made, "ours:1").ok();
    Path file = work.resolve("ours.tar");
    kapsel("save", "-o", file.toString(), "ours:1").ok();
    List<String> expected = walk(ours("ours:1"));

    assertThat(docker.docker("load", "-q", "-i", file.toString()).line()).endsWith("ours:1");
    same("docker's", walk(dockers("ours:1")), expected);
    assertThat(podman.podman("load", "-q", "-i", file.toString()).line()).endsWith("ours:1");
    String there = "docker.io/library/ours:1";
    same("podman's", walk(podmans(there)), expected);
    for (String form : List.of("oci-archive", "docker-archive")) {
      assertThat(podman.buildah("pull", "-q", form + ":" + file).line()).isNotEmpty();
      host("skopeo copy -q %s:%s oci:%s:1", form, file, form);
      host("umoci unpack --image %s:1 %s-un; test -u %s-un/rootfs/odd/setuid", form, form, form);
    }
  }
}
