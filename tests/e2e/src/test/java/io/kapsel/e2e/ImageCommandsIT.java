package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What else there is to do with images and registries; and row I13, configurations that bite. */
class ImageCommandsIT extends EndToEnd {
  private static Registry registry;
  private static Path work;
  private static String name;

  @BeforeAll
  static void makeImages() throws IOException {
    work = Files.createDirectories(product.home().resolve("work"));
    registry = Registry.start(work, "");
    name = registry.name("team/app:amd64");
    host(
        "mkdir -p root/bin root/tmp; cp /bin/busybox root/bin; ln -s busybox root/bin/sh;"
            + " umoci init --layout oci; umoci new --image oci:amd64; umoci insert --image oci:amd64 root /;"
            + " umoci config --image oci:amd64 --architecture amd64 --config.cmd /bin/busybox --config.cmd echo"
            + " --config.cmd ran --config.exposedports 80/tcp --config.exposedports 53/udp;"
            + " umoci tag --image oci:amd64 arm64; umoci config --image oci:arm64 --architecture arm64;"
            + " for a in amd64 arm64; do skopeo copy -q --dest-tls-verify=false oci:oci:$a docker://%s/team/app:$a;"
            + " done",
        registry.domain());
  }

  @AfterAll
  static void endRegistry() {
    registry.close();
  }

  private static Result host(String script, Object... values) {
    return Command.of("sh", "-ec", "cd " + work + "; " + script.formatted(values)).run().ok();
  }

  @Test
  void aRegistryIsLookedInto() {
    assertThat(kapsel("registry", "ls", registry.domain()).ok().lines()).contains("team/app");
    assertThat(kapsel("registry", "tags", registry.name("team/app")).ok().lines())
        .contains("amd64", "arm64");
    assertThat(kapsel("registry", "referrers", name).ok().line()).startsWith("DIGEST");
    assertThat(kapsel("search", registry.name("app")).ok().out())
        .contains(registry.name("team/app"));
    assertThat(kapsel("search", registry.name("nothing")).ok().lines()).hasSize(1);
  }

  @Test
  void anIndexIsMadeAndPushedWithItsImages() {
    String other = registry.name("team/app:arm64");
    String all = registry.name("team/all:1");
    kapsel("pull", "-q", name).ok();
    kapsel("pull", "-q", "--platform", "linux/arm64", other).ok();
    String digest = kapsel("manifest", "create", all, name, other).ok().line();
    assertThat(kapsel("run", "--rm", all).ok().line()).isEqualTo("ran");
    assertThat(kapsel("push", all).ok().out()).contains("1: digest: " + digest);

    String raw = host("skopeo inspect --raw --tls-verify=false docker://%s", all).out();
    assertThat(raw).contains("image.index", "arm64", "amd64");
    host("skopeo copy -q -a --src-tls-verify=false docker://%s oci:both:1; rm -r both", all);
    kapsel("rmi", all, other).ok();
    kapsel("pull", "-q", "--platform", "linux/arm64", all).ok();
    assertThat(kapsel("inspect", all).ok().out()).contains("\"Architecture\": \"arm64\"");
    kapsel("rmi", all).ok();
  }

  @Test
  void oneOfThePlatformsOfAnIndexIsTakenWhereOneIsSaid() {
    String other = registry.name("team/app:arm64");
    String all = registry.name("team/some:1");
    kapsel("pull", "-q", name).ok();
    kapsel("pull", "-q", "--platform", "linux/arm64", other).ok();
    kapsel("manifest", "create", all, name, other).ok();
    String archive = work.resolve("arm.tar").toString();

    kapsel("save", "--platform", "linux/arm64", "-o", archive, all).ok();
    assertThat(host("skopeo inspect --config oci-archive:arm.tar").out()).contains("arm64");
    assertThat(kapsel("save", "--platform", "linux/s390x", "-o", archive, all).err())
        .contains("there is no such image for linux/s390x");
    String both = work.resolve("both.tar").toString();
    kapsel("push", "-q", all).ok();
    host("skopeo copy -q -a --src-tls-verify=false docker://%s oci-archive:both.tar:some:2", all);
    assertThat(kapsel("load", "--platform", "linux/s390x", "-i", both).err())
        .contains("it holds no image for linux/s390x");
    kapsel("load", "--platform", "linux/arm64", "-i", both).ok();
    assertThat(kapsel("inspect", "some:2").ok().out()).contains("\"Architecture\": \"arm64\"");
    kapsel("load", "-i", both).ok();
    kapsel("rmi", "--platform", "linux/arm64", "some:2").ok();
    assertThat(kapsel("rmi", "--platform", "linux/arm64", "some:2").err())
        .contains("there is no such image for linux/arm64");
    assertThat(kapsel("run", "--rm", "some:2").ok().line()).isEqualTo("ran");
    kapsel("rmi", "some:2").ok();
    kapsel("push", "-q", "--platform", "linux/arm64", all).ok();
    assertThat(host("skopeo inspect --raw --tls-verify=false docker://%s", all).out())
        .contains("\"layers\"")
        .doesNotContain("\"manifests\"");

    kapsel("manifest", "annotate", "--arch", "arm", "--variant", "v6", all, other).ok();
    kapsel("manifest", "annotate", "--os", "linux", "--os-version", "6.1", all, name).ok();
    assertThat(kapsel("images").ok().out()).doesNotContain("<none>");
    kapsel("manifest", "push", "--purge", all).ok();
    assertThat(host("skopeo inspect --raw --tls-verify=false docker://%s", all).out())
        .contains("\"v6\"", "\"6.1\"", "amd64")
        .doesNotContain("arm64");
    assertThat(kapsel("manifest", "rm", all).err()).contains("there is no index with that name");
    assertThat(kapsel("manifest", "rm", name).exitCode()).isNotZero();
    kapsel("manifest", "create", all, name, other).ok();
    kapsel("manifest", "rm", all).ok();
    assertThat(kapsel("images", "-q", name).ok().lines()).hasSize(1);
    kapsel("rmi", other).ok();
  }

  @Test
  void whatAShellHandsOverIsReadAndWritten() {
    host("tar -C root -cf handed.tar .");
    kapsel("import", "-c", "CMD [\"/bin/sh\"]", work + "/handed.tar", "handed:1").ok();
    String script =
        """
        cd %s
        k=%s
        $k save -o /dev/null handed:1
        test -c /dev/null
        $k save -o /dev/stdout handed:1 | tar t | grep -x oci-layout
        $k load -i <($k save handed:1)
        echo B=2 | $k run --rm --env-file <(echo A=1) --env-file /dev/stdin handed:1 /bin/sh -c 'echo $A$B'
        """
            .formatted(work, Product.DIST.resolve("bin/kapsel"));

    Result result =
        product.environment(Command.of("bash", "-euo", "pipefail", "-c", script)).run().ok();

    assertThat(result.lines()).containsExactly("oci-layout", "Loaded image: handed:1", "12");
    kapsel("rmi", "handed:1").ok();
  }

  @Test
  void aRootOfAnotherPlatformIsImportedAsSuch() {
    host("tar -C root -cf foreign.tar .");
    kapsel("import", "--platform", "linux/arm/v6", work + "/foreign.tar", "foreign:1").ok();

    assertThat(kapsel("inspect", "foreign:1").ok().out())
        .contains("\"Architecture\": \"arm\"", "\"v6\"");
    kapsel("rmi", "foreign:1").ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"zstd", "gzip", "none"})
  void layersArePackedAsAskedForAndReadByOthers(String form) {
    kapsel("pull", "-q", name).ok();
    String id = kapsel("images", "-q", name).ok().line();
    Path file = work.resolve("packed.tar");
    kapsel("save", "--compression", form, "-o", file.toString(), name).ok();
    host(
        "rm -rf un out; mkdir out; skopeo copy -q oci-archive:packed.tar dir:un;"
            + " for f in un/*; do tar -C out -xf $f 2>/dev/null || :; done;"
            + " cmp out/bin/busybox /bin/busybox");
    String pushed = registry.name("team/packed:" + form);
    kapsel("tag", name, pushed).ok();
    kapsel("push", "--compression", form, pushed).ok();
    kapsel("rmi", pushed).ok();
    kapsel("pull", "-q", pushed).ok();
    assertThat(kapsel("images", "-q", pushed).ok().line()).isEqualTo(id);
    assertThat(kapsel("run", "--rm", pushed).ok().line()).isEqualTo("ran");
    String types = kapsel("manifest", "inspect", pushed).ok().out();
    assertThat(types).contains(form.equals("none") ? "layer.v1.tar\"" : "tar+" + form);
    kapsel("rmi", pushed).ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dir:", "tar:"})
  void whatIsNoImageBecomesOneByACommit(String kind) {
    host("tar -C root -cf root.tar .");
    String root = kind + work.resolve(kind.equals("dir:") ? "root" : "root.tar");
    kapsel("run", "--name", "changed", root, "/bin/sh", "-c", "echo new >/tmp/f; rm /bin/sh").ok();
    kapsel("commit", "-c", "CMD [\"/bin/busybox\",\"cat\",\"/tmp/f\"]", "changed", "made:1").ok();

    assertThat(kapsel("run", "--rm", "made:1").ok().line()).isEqualTo("new");
    assertThat(kapsel("run", "--rm", "made:1", "/bin/busybox", "ls", "/bin").ok().line())
        .isEqualTo("busybox");
    kapsel("rm", "changed").ok();
    kapsel("rmi", "made:1").ok();
  }

  @Test
  void imagesAndTheirHistoryAreShownAsAskedFor() {
    kapsel("pull", "-q", name).ok();
    String asked = "{{.Repository}}:{{.Tag}}|{{.ID}}|{{.Containers}}";
    String id = kapsel("images", "-q", name).ok().line();
    assertThat(kapsel("images", "--format", asked, name).ok().line())
        .isEqualTo(name + "|" + id + "|N/A");
    assertThat(kapsel("image", "ls", "--format", "table {{.ID}}\t{{.Size}}", name).ok().lines())
        .hasSize(2)
        .first()
        .asString()
        .matches("IMAGE ID +SIZE");
    assertThat(kapsel("images", "--digests", name).ok().out()).contains("DIGEST", "sha256:");
    assertThat(kapsel("images", "-q", "-f", "since=" + name, name).ok().lines()).isEmpty();
    assertThat(kapsel("images", "-q", "-f", "label!=no", name).ok().line()).isEqualTo(id);
    assertThat(kapsel("images", "-f", "nonsense=1").out()).isEmpty();
    assertThat(kapsel("image", "inspect", "-f", "{{.Architecture}}", name).ok().line())
        .isEqualTo("amd64");

    List<String> ids = kapsel("history", "-q", name).ok().lines();
    assertThat(ids).first().isEqualTo(id);
    assertThat(ids.subList(1, ids.size())).isNotEmpty().containsOnly("<missing>");
    assertThat(kapsel("history", "-H=false", name).ok().lines().getFirst())
        .matches("IMAGE +CREATED AT +CREATED BY +SIZE +COMMENT");
    assertThat(kapsel("history", "--format", "{{.ID}}", name).ok().lines()).isEqualTo(ids);
  }

  @Test
  void aPruneTakesOnlyWhatItsFiltersLeave() {
    kapsel("pull", "-q", name).ok();
    host("tar -C root -cf root.tar .");
    String archive = work.resolve("root.tar").toString();
    kapsel("import", "-c", "LABEL keep=yes", archive, "kept:1").ok();
    kapsel("import", "-c", "LABEL keep=no", archive, "unkept:1").ok();
    kapsel("image", "prune", "-a", "-f", "--filter", "label=keep=no").ok();
    assertThat(kapsel("images", "-q", "unkept:1").ok().lines()).isEmpty();
    assertThat(kapsel("images", "-q", "kept:1").ok().lines()).hasSize(1);
    kapsel("image", "prune", "-a", "-f", "--filter", "label!=keep=yes", "--filter", "until=0s")
        .ok();
    assertThat(kapsel("images", "-q", "kept:1").ok().lines()).hasSize(1);
    kapsel("rmi", "kept:1").ok();
  }

  @Test
  void aContainerStandsStillForItsCommitUnlessToldOtherwise() {
    kapsel("pull", "-q", name).ok();
    String writes = "echo new >/tmp/f; exec busybox sleep 600";
    kapsel("run", "-d", "--name", "busy", name, "/bin/sh", "-c", writes).ok();
    String since = kapsel("events", "--since", "0", "--until", "0s").ok().out();
    kapsel("commit", "--compression", "zstd", "busy", "stood:1").ok();
    String events = kapsel("events", "--since", "0", "--until", "0s").ok().out();
    assertThat(events.substring(since.length()))
        .containsSubsequence("container pause", "container unpause", "container commit");
    assertThat(kapsel("inspect", "-f", "{{.State.Status}}", "busy").ok().line())
        .isEqualTo("running");
    assertThat(kapsel("run", "--rm", "stood:1", "/bin/busybox", "cat", "/tmp/f").ok().line())
        .isEqualTo("new");
    kapsel("save", "-o", work.resolve("stood.tar").toString(), "stood:1").ok();
    host("skopeo inspect --raw oci-archive:stood.tar | grep -q tar+zstd");

    kapsel("commit", "--pause=false", "busy", "went:1").ok();
    String after = kapsel("events", "--since", "0", "--until", "0s").ok().out();
    assertThat(after.substring(events.length())).doesNotContain("container pause");
    kapsel("pause", "busy").ok();
    kapsel("commit", "busy", "went:1").ok();
    assertThat(kapsel("inspect", "-f", "{{.State.Status}}", "busy").ok().line())
        .isEqualTo("paused");
    kapsel("rm", "-f", "busy").ok();
    kapsel("rmi", "stood:1", "went:1").ok();
  }

  @Test
  void whatIsExposedIsShown() {
    kapsel("pull", "-q", name).ok();
    assertThat(kapsel("inspect", name).ok().out()).contains("\"80/tcp\"", "\"53/udp\"");
  }

  @Test
  void aTerminalIsAskedForThePassword() throws IOException {
    Path users = work.resolve("users");
    Files.writeString(
        users, Command.of("htpasswd", "-nbB", "me", "hunter2").run().ok().line() + "\n");
    try (Registry closed =
        Registry.start(work, "auth: {htpasswd: {realm: r, path: " + users + "}}")) {
      Result right =
          new Expect(product)
              .run(
                  """
                  set env(DOCKER_CONFIG) %s/docker
                  spawn $env(KAPSEL) login %s
                  want "Username: "
                  send "mx\\177e\\r"
                  want "Password: "
                  send "hunter2\\r"
                  want "Login Succeeded"
                  ends 0
                  """
                      .formatted(work, closed.domain()));
      assertThat(right.out()).doesNotContain("hunter2");
      assertThat(HostFiles.read(work.resolve("docker/config.json"))).contains(closed.domain());
      new Expect(product)
          .run(
              """
              set env(DOCKER_CONFIG) %s/docker
              spawn $env(KAPSEL) login -u me %s
              want "Password: "
              send "wrong\\r"
              want "401"
              ends 1
              spawn $env(KAPSEL) login -u me %s
              want "Password: "
              send "\\003"
              want "interrupted"
              ends 1
              """
                  .formatted(work, closed.domain(), closed.domain()));
      Result without = product.command("login", "-u", "me", closed.domain()).run();
      assertThat(without.exitCode()).isEqualTo(1);
      assertThat(without.err()).contains("--password-stdin");
    }
  }

  /** A configuration in place of the right one; the parts that are not said are right. */
  private static Result runs(String execution, String... words) {
    HostFiles.write(
        work.resolve("hostile.py"),
        """
        import hashlib, json, tarfile, io, sys
        layer = open(sys.argv[1], "rb").read()
        config = {"architecture": "amd64", "os": "linux", "config": eval(sys.argv[2]),
                  "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
        with tarfile.open(sys.argv[3], "w") as archive:
            def add(name, data):
                member = tarfile.TarInfo(name); member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
            add("c.json", json.dumps(config).encode())
            add("l.tar", layer)
            add("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["hostile:1"], "Layers": ["l.tar"]}]).encode())
        """);
    host("tar -C root -cf root.tar .");
    Command.of("python3", "hostile.py", "root.tar", execution, "hostile.tar").in(work).run().ok();
    Result loaded = kapsel("load", "-q", "-i", work.resolve("hostile.tar").toString());
    if (loaded.exitCode() != 0) {
      return loaded;
    }
    List<String> all =
        new java.util.ArrayList<>(List.of("run", "--rm", "--pull=never", "hostile:1"));
    all.addAll(List.of(words));
    Result result = kapsel(all.toArray(String[]::new));
    kapsel("rmi", "-f", "hostile:1").ok();
    return result;
  }

  /** Refused with a message, before anything runs. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'User': 'nobody-here', 'Cmd': ['/bin/sh', '-c', 'echo ran']}",
        "{'User': '99999999999', 'Cmd': ['/bin/sh', '-c', 'echo ran']}",
        "{'User': '-1', 'Cmd': ['/bin/sh', '-c', 'echo ran']}",
        "{'Cmd': ['/bin/sh', '-c', 'echo ran'], 'StopSignal': '999'}",
        "{'Cmd': ['/bin/sh', '-c', 'echo ran'], 'StopSignal': 'SIGNONSENSE'}",
        "{'Entrypoint': ['']}",
        "{'Entrypoint': ['/bin/sh\\0x'], 'Cmd': ['-c', 'echo ran']}",
        "{'Cmd': ['/bin/sh', '-c', 'echo ran'], 'Env': ['A=' + 'x' * 3000000]}",
        "{'Cmd': ['/bin/sh', '-c', 'echo ran'], 'Env': ['A%d=x' % i for i in range(300000)]}",
        "{'Cmd': ['/bin/sh', '-c', 'echo ran'], 'Env': ['A=b\\0c']}",
        "{'Cmd': ['/bin/sh', '-c', 'echo ran'], 'WorkingDir': '/a\\0b'}",
        "{}",
      })
  void aConfigurationThatCannotBeObeyedIsRefused(String execution) {
    Result result = runs(execution);

    assertThat(result.exitCode()).as(result.toString()).isIn(1, 125, 126, 127);
    assertThat(result.out()).doesNotContain("ran");
    assertThat(result.err()).startsWith("kapsel: ").doesNotContain("Exception", "\tat ");
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
  }

  /** Obeyed inside, or without meaning; never an effect on the host. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'Env': ['NOEQUALS', '=empty', 'A=1']}",
        "{'WorkingDir': '../../../../tmp'}",
        "{'WorkingDir': '/tmp/../../../../../../etc'}",
        "{'Volumes': {'/': {}, '/proc': {}, '../x': {}}}",
        "{'ExposedPorts': {'text': {}, '99999/tcp': {}, '1-2/udp': {}}}",
        "{'Healthcheck': {'Test': ['CMD', 'x'], 'Interval': -1, 'Retries': -5}}",
        "{'Labels': {'io.kapsel.creating': 'x', 'com.docker.compose.project': '../..'}}",
        "{'OnBuild': ['RUN x'], 'Shell': ['/nowhere']}",
        "{'User': '0:0'}",
      })
  void aConfigurationHasNoEffectOnTheHost(String execution) {
    Result result = runs(execution, "/bin/busybox", "echo", "ran");

    assertThat(result.err()).doesNotContain("Exception", "\tat ");
    if (result.exitCode() == 0) {
      assertThat(result.line()).isEqualTo("ran");
    } else {
      assertThat(result.err()).startsWith("kapsel: ");
    }
    assertThat(product.mounts()).isEmpty();
  }
}
