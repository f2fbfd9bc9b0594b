package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Buildah, which makes images by many short containers, with Kapsel as its runtime. */
class BuildahIT extends CallerTest {
  private static String container = "";

  @BeforeAll
  static void makeContainer() {
    container = buildah("from", "scratch").ok().line();
    buildah("add", container, archive().toString(), "/").ok();
  }

  @AfterAll
  static void end() {
    buildah("rm", "--all").ok();
    buildah("rmi", "--all", "--force").ok();
    Command.of("umount", home.resolve("root/overlay").toString()).run();
  }

  private static Command command(String... words) {
    List<String> all = new ArrayList<>(List.of("buildah"));
    all.addAll(List.of("--root", home.resolve("root").toString()));
    all.addAll(List.of("--runroot", home.resolve("run").toString()));
    all.addAll(List.of("--storage-driver", "overlay"));
    all.addAll(List.of(words));
    return new Command(all).env("HOME", "/root").env("TERM", "xterm").in(home);
  }

  private static Result buildah(String... words) {
    return command(words).run();
  }

  private static Command running(List<String> flags, String... program) {
    List<String> words = new ArrayList<>(List.of("run", "--network", "none"));
    words.addAll(List.of("--runtime", installation.runtime().toString()));
    words.addAll(flags);
    words.addAll(List.of(container, "--"));
    words.addAll(List.of(program));
    return command(words.toArray(String[]::new));
  }

  @Test
  void aStepHasTheCallersStreamsAndGivesItsExitCode() {
    Result result =
        running(List.of(), "/bin/sh", "-c", "cat; echo $0 >&2; exit 7").input("typed").run();

    assertThat(result.exitCode()).isEqualTo(7);
    assertThat(result.out()).isEqualTo("typed");
    assertThat(result.err()).contains("/bin/sh").doesNotContain("system calls"); // runc warns, too
    assertThat(product.engine()).isNotZero();
  }

  @Test
  void aStepHasATerminal() {
    new Expect(product)
        .run(
            """
            spawn buildah --root %1$s/root --runroot %1$s/run --storage-driver overlay run -t \\
              --network none --runtime %2$s %3$s -- /bin/sh
            want {# }
            send "echo in-\\$((40 + 2))\\r"
            want {in-42}
            send "exit 4\\r"
            ends 4
            """
                .formatted(home, installation.runtime(), container));
  }

  @Test
  void whatAStepWritesIsInTheNext() {
    running(List.of(), "/bin/sh", "-c", "echo kept >/kept").run().ok();

    assertThat(running(List.of(), "/bin/cat", "/kept").run().ok().line()).isEqualTo("kept");
  }

  @Test
  void aVolumeAndAUserAreAsAsked() {
    HostFiles.write(home.resolve("volume/file"), "shared");
    Result result =
        running(
                List.of("--volume", home.resolve("volume") + ":/data:ro", "--user", "1000"),
                "/bin/sh",
                "-c",
                "cat /data/file; id -u; touch /data/new")
            .run();

    assertThat(result.out()).isEqualTo("shared1000\n");
    assertThat(result.err()).contains("Read-only file system");
  }

  @Test
  void anImageIsBuilt() {
    Path context = home.resolve("context");
    HostFiles.write(
        context.resolve("Containerfile"),
        """
        FROM scratch
        ADD image.tar /
        RUN echo built >/made && test $(id -u) = 0
        RUN --mount=type=tmpfs,target=/t touch /t/x
        USER 1000
        RUN id -u >/tmp/who
        """);
    Command.of("cp", archive().toString(), context.resolve("image.tar").toString()).run().ok();
    Result built =
        buildah(
            "bud",
            "--runtime",
            installation.runtime().toString(),
            "--network",
            "none",
            "--tag",
            "localhost/made",
            context.toString());
    assertThat(built.exitCode()).as(built.toString()).isZero();
    String made = buildah("from", "localhost/made").ok().line();
    String root = buildah("mount", made).ok().line();

    assertThat(HostFiles.read(root + "/made")).isEqualTo("built\n");
    assertThat(HostFiles.read(root + "/tmp/who")).isEqualTo("1000\n");
    assertThat(Path.of(root, "t/x")).doesNotExist();
  }

  @Test
  void aStepThatFailsEndsTheBuild() {
    Path context = home.resolve("failing");
    HostFiles.write(
        context.resolve("Containerfile"), "FROM scratch\nADD image.tar /\nRUN [\"/bin/nope\"]\n");
    Command.of("cp", archive().toString(), context.resolve("image.tar").toString()).run().ok();
    Result failed =
        buildah(
            "bud",
            "--runtime",
            installation.runtime().toString(),
            "--network",
            "none",
            context.toString());

    assertThat(failed.exitCode()).isNotZero();
    assertThat(failed.err()).contains("/bin/nope: no such file or directory");
  }
}
