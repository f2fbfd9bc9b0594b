package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Images made by umoci, moved by skopeo, kept by Debian's docker-registry; and back. */
class ImagesIT extends EndToEnd {
  private static Registry registry;
  private static Path work;
  private static String name;

  @BeforeAll
  static void makeAnImage() throws IOException {
    work = product.home().resolve("work");
    Files.createDirectories(work);
    registry = Registry.start(work, "");
    name = registry.name("team/app:1");
    Path root = work.resolve("root");
    for (String each : List.of("bin", "etc", "tmp", "gone", "own")) {
      Files.createDirectories(root.resolve(each));
    }
    Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"));
    Files.writeString(
        root.resolve("etc/passwd"), "root:x:0:0::/root:/bin/sh\napp:x:7:8::/:/bin/sh\n");
    host(
        "cd root; for a in sh cat ls id stat echo rm mkdir chown chmod ln; do ln -s busybox bin/$a; done; chmod 1777 tmp;"
            + " chown 7:8 own; chmod 2750 own; cd ..; umoci init --layout oci; umoci new --image oci:a;"
            + " umoci insert --image oci:a root /; echo one >m; umoci insert --image oci:a m /etc/m;"
            + " umoci insert --image oci:a --whiteout /gone;"
            + " umoci config --image oci:a --config.entrypoint /bin/sh --config.cmd -c"
            + " --config.cmd 'echo $V ran' --config.env V=image --config.env PATH=/bin"
            + " --config.workingdir /tmp --config.user app --config.label l=m;"
            + " skopeo copy -q --dest-tls-verify=false oci:oci:a docker://%s",
        name);
  }

  @AfterAll
  static void endRegistry() {
    registry.close();
  }

  private static Result host(String script, Object... values) {
    return Command.of("sh", "-ec", "cd " + work + "; " + script.formatted(values)).run().ok();
  }

  @Test
  void anImageOfOthersIsPulledAndRunAsItSays() {
    Result pulled = kapsel("pull", name).ok();
    assertThat(pulled.out()).contains("Status: ").endsWith(name + "\n");
    assertThat(kapsel("pull", name).ok().out()).contains("Image is up to date");

    assertThat(kapsel("run", "--rm", name).ok().line()).isEqualTo("image ran");
    assertThat(
            kapsel("run", "--rm", "-e", "V=mine", name, "-c", "echo $V; id -u; pwd").ok().lines())
        .containsExactly("mine", "7", "/tmp");
    assertThat(
            kapsel(
                    "run",
                    "--rm",
                    "-u",
                    "0",
                    "--entrypoint",
                    "stat",
                    name,
                    "-c",
                    "%u:%g %a",
                    "/own",
                    "/tmp",
                    "/etc/m")
                .ok()
                .lines())
        .containsExactly("7:8 2750", "0:0 1777", "0:0 644");
    assertThat(kapsel("run", "--rm", name, "-c", "ls /").ok().lines()).doesNotContain("gone");
    assertThat(kapsel("inspect", name).ok().out()).contains("\"l\": \"m\"", name);
    assertThat(kapsel("images", "-q").ok().lines()).isNotEmpty();
    host("skopeo inspect oci:%s:%s", product.state().resolve("images"), name);
  }

  @Test
  void whatAContainerChangedIsCommittedPushedAndReadByOthers() {
    kapsel(
            "run",
            "--name",
            "changed",
            "-u",
            "0",
            name,
            "-c",
            "rm /etc/m; echo two >/etc/n; mkdir /d; echo x >/d/f; chown 5:6 /d/f; chmod 4711 /d/f;"
                + " ln /d/f /d/g; ln -s /d/f /d/l")
        .ok();
    String made = registry.name("team/other:2");
    kapsel("commit", "-c", "CMD [\"-c\",\"cat /etc/n\"]", "changed", made).ok();
    assertThat(kapsel("run", "--rm", made).ok().line()).isEqualTo("two");
    assertThat(kapsel("push", made).ok().out()).contains("digest: sha256:");

    host(
        "skopeo copy -q --src-tls-verify=false docker://%s oci:back:2; umoci unpack --image back:2 b",
        made);
    assertThat(
            host("stat -c '%%u:%%g %%a %%h' b/rootfs/d/f; readlink b/rootfs/d/l; ls b/rootfs/etc")
                .lines())
        .startsWith("5:6 4711 2", "/d/f")
        .contains("n")
        .doesNotContain("m");
    assertThat(kapsel("export", "changed").ok().stdout()).isNotEmpty();
    host("rm -rf b back");
  }

  @Test
  void archivesGoBothWays() {
    kapsel("pull", "-q", name).ok();
    Path file = work.resolve("s.tar");
    kapsel("save", "-o", file.toString(), name).ok();
    assertThat(kapsel("save", name).ok().stdout()).isEqualTo(HostFiles.bytes(file));
    host(
        "skopeo copy -q oci-archive:s.tar oci:fromoci:1; skopeo copy -q docker-archive:s.tar oci:fromdocker:1");
    host("skopeo copy -q oci:oci:a docker-archive:d.tar:app:old; rm -rf fromoci fromdocker");

    assertThat(kapsel("load", "-i", work.resolve("d.tar").toString()).ok().line())
        .isEqualTo("Loaded image: app:old");
    assertThat(kapsel("run", "--rm", "app:old").ok().line()).isEqualTo("image ran");
    kapsel("rmi", "app:old", name).ok();
    Result loaded = product.command("load").input(HostFiles.bytes(file)).run().ok();
    assertThat(loaded.line()).isEqualTo("Loaded image: " + name);
    host("tar -C root -cf - . | zstd -q >r.tar.zst");
    kapsel("import", "-c", "CMD cat /etc/passwd", work.resolve("r.tar.zst").toString(), "imp").ok();
    assertThat(kapsel("run", "--rm", "imp").ok().out()).contains("app:x:7");
    kapsel("rmi", "imp").ok();
  }

  @Test
  void whatIsUsedStaysAndWhatIsNotGoes() {
    kapsel("pull", "-q", name).ok();
    kapsel("create", "--name", "holder", name).ok();
    Result refused = kapsel("rmi", name);
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).startsWith("kapsel: cannot remove").contains("holder");
    kapsel("rmi", "-f", name).ok();
    assertThat(kapsel("start", "-a", "holder").ok().line()).isEqualTo("image ran");
    kapsel("rm", "holder").ok();
    kapsel("image", "prune", "-a", "-f").ok();

    assertThat(HostFiles.names(product.state().resolve("images/blobs/sha256"))).isEmpty();
    assertThat(HostFiles.names(product.state().resolve("layers/sha256"))).isEmpty();
    assertThat(kapsel("run", "--pull=never", name).exitCode()).isEqualTo(125);
  }

  @Test
  void anEngineThatIsKilledWhileItPullsLeavesNothingHalf() throws InterruptedException {
    for (int i = 0; i < 6; i++) {
      kapsel("image", "prune", "-a", "-f").ok();
      Process pull = product.command("pull", name).start();
      Await.until(
          java.time.Duration.ofSeconds(10),
          () -> "something of the image comes",
          () ->
              !HostFiles.names(product.state().resolve("downloads")).isEmpty()
                  || !HostFiles.names(product.state().resolve("images/blobs/sha256")).isEmpty()
                  || !pull.isAlive());
      product.killEngine();
      pull.waitFor();
      List<String> named = kapsel("images", "-q").ok().lines();
      if (!named.isEmpty()) {
        assertThat(kapsel("run", "--rm", "--pull=never", name).ok().line()).isEqualTo("image ran");
      }
      assertThat(kapsel("run", "--rm", name).ok().line()).isEqualTo("image ran");
      assertThat(HostFiles.names(product.state().resolve("layers/sha256")))
          // A record may be on its way to the disk, long after the pull.
          .noneMatch(each -> each.endsWith(".new") && !each.endsWith(".json.new"));
    }
  }

  @Test
  void aRegistryThatWantsAPasswordGetsIt() throws IOException {
    Path users = work.resolve("users");
    // hunter2, by htpasswd -nbB me hunter2
    Files.writeString(
        users, Command.of("htpasswd", "-nbB", "me", "hunter2").run().ok().line() + "\n");
    try (Registry closed =
        Registry.start(work, "auth: {htpasswd: {realm: r, path: " + users + "}}")) {
      String target = closed.name("a:1");
      kapsel("pull", "-q", name).ok();
      kapsel("tag", name, target).ok();
      Result refused = with("push", target).run();
      assertThat(refused.exitCode()).isEqualTo(1);
      assertThat(refused.err()).contains("kapsel login");
      Result wrong =
          with("login", "-u", "me", "--password-stdin", closed.domain()).input("no\n").run();
      assertThat(wrong.exitCode()).isEqualTo(1);
      with("login", "-u", "me", "--password-stdin", closed.domain()).input("hunter2\n").run().ok();
      with("push", target).run().ok();
      kapsel("rmi", target).ok();
      with("pull", target).run().ok();
      with("logout", closed.domain()).run().ok();
      assertThat(with("pull", target).run().exitCode()).isEqualTo(1);
      kapsel("rmi", target).ok();
    }
  }

  private Command with(String... words) {
    return product.command(words).env("DOCKER_CONFIG", work.toString());
  }
}
