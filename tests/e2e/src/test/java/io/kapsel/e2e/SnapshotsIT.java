package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Snapshots, what becomes of them, and containers like others. */
class SnapshotsIT extends EndToEnd {
  private static final int MOST_CALLS = 60;

  /** What changes a directory or waits for the disk; between two of these nothing does. */
  private static final String CALLS =
      "rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,fsync,copy_file_range";

  private static void create(String name, String... flags) {
    List<String> words = new java.util.ArrayList<>(List.of("create", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sleep", "1000"));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static void start(String name) {
    kapsel("start", name).ok();
  }

  private static void stop(String name) {
    kapsel("stop", "-t", "0", name).ok();
  }

  private static String in(String name, String script) {
    return kapsel("exec", name, "/bin/sh", "-c", script).ok().line();
  }

  /** What is in a file of a container, whether it runs or not; nothing when there is none. */
  private static String file(String name, String path) {
    Path export = product.home().resolve("export.tar");
    kapsel("export", "-o", export.toString(), name).ok();
    return Command.of("tar", "-xOf", export.toString(), path).run().line();
  }

  private static List<String> layers() {
    return HostFiles.names(product.state().resolve("saved")).stream().sorted().toList();
  }

  @Test
  void goesBackToWhatWasKept() {
    create("web");
    start("web");
    in("web", "echo one >/srv/data; rm /etc/group; mkdir -m 700 /srv/private; chmod 711 /");
    assertThat(kapsel("snapshot", "web").ok().line()).isEqualTo("snap0");
    in("web", "echo two >/srv/data; echo x >/etc/group; rmdir /srv/private; chmod 755 /");
    assertThat(kapsel("snapshot", "-c", "second", "web", "later").ok().line()).isEqualTo("later");
    in("web", "echo three >/srv/data");

    assertThat(kapsel("restore", "web", "snap0").ok().line()).isEqualTo("snap0");

    assertThat(in("web", "cat /srv/data; ls /etc/group; stat -c %a /srv/private /"))
        .isEqualTo("one\n700\n711");
    kapsel("restore", "web", "later").ok();
    assertThat(in("web", "cat /srv/data /etc/group; stat -c %a /")).isEqualTo("two\nx\n755");
    assertThat(kapsel("snapshot", "ls", "web", "--format", "{{.Name}} {{.Comment}}").lines())
        .containsExactly("snap0 ", "later second");
  }

  @Test
  void keepsOneThatIsStoppedWithoutACopy() {
    create("web");
    start("web");
    in("web", "dd if=/dev/zero of=/srv/big bs=1M count=8 2>/dev/null; ln /srv/big /srv/again");
    stop("web");

    kapsel("snapshot", "web", "one").ok();
    kapsel("snapshot", "web", "two").ok();
    kapsel("clone", "web", "copy").ok();

    assertThat(layers()).hasSize(1);
    start("web");
    start("copy");
    in("copy", "echo mine >/srv/big");
    assertThat(in("web", "stat -c '%s %h' /srv/big /srv/again")).isEqualTo("8388608 2\n8388608 2");
    assertThat(in("copy", "cat /srv/big")).isEqualTo("mine");
  }

  @Test
  void goesOnWhileItIsKept() {
    create("web");
    start("web");
    String before = in("web", "cat /proc/1/stat");

    kapsel("snapshot", "web").ok();

    assertThat(in("web", "cut -d' ' -f1,22 /proc/1/stat"))
        .isEqualTo(before.split(" ")[0] + " " + before.split(" ")[21]);
    kapsel("freeze", "web").ok();
    kapsel("snapshot", "web", "cold").ok();
    assertThat(kapsel("ps", "--format", "{{.Status}}").line()).contains("(Paused)");
    kapsel("unfreeze", "web").ok();
  }

  @Test
  void layersStayAsLongAsSomebodyStandsOnThem() {
    create("web");
    start("web");
    in("web", "echo one >/srv/data");
    kapsel("snapshot", "web", "one").ok();
    kapsel("clone", "web/one", "copy").ok();
    kapsel("rm", "-f", "web").ok();

    assertThat(layers()).hasSize(1);
    start("copy");
    assertThat(in("copy", "cat /srv/data")).isEqualTo("one");
    kapsel("rm", "-f", "copy").ok();
    assertThat(layers()).isEmpty();
  }

  @Test
  void oneThatIsRemovedTakesNothingFromOthers() {
    create("web");
    start("web");
    in("web", "echo one >/srv/data");
    kapsel("snapshot", "web", "one").ok();
    kapsel("snapshot", "web", "two").ok();

    kapsel("snapshot", "rm", "web", "one").ok();
    product.stopEngine();

    assertThat(kapsel("snapshot", "ls", "-q", "web").lines()).containsExactly("two");
    in("web", "rm /srv/data");
    kapsel("restore", "web", "two").ok();
    assertThat(in("web", "cat /srv/data")).isEqualTo("one");
    assertThat(layers()).hasSize(1);
  }

  @Test
  void aCommitHasWhatWasWrittenBeforeASnapshotToo() {
    create("base");
    kapsel("commit", "base", "base:1").ok();
    kapsel("create", "--name", "web", "base:1", "/bin/sleep", "1000").ok();
    start("web");
    in("web", "echo one >/srv/first");
    stop("web");
    kapsel("snapshot", "web").ok();
    start("web");
    in("web", "echo two >/srv/second; rm /etc/group");
    kapsel("commit", "web", "both:1").ok();

    assertThat(kapsel("run", "--rm", "both:1", "/bin/sh", "-c", "cat /srv/*; ls /etc/group").line())
        .isEqualTo("one\ntwo");
    assertThat(kapsel("history", "-q", "both:1").lines()).hasSize(3);
    assertThat(kapsel("ps", "-s", "--filter", "name=web", "--format", "{{.Size}}").line())
        .startsWith("8B");
  }

  @Test
  void goesToAnotherPlaceAsAnArchive() throws Exception {
    create("web", "--memory", "64m");
    start("web");
    in("web", "echo one >/srv/data; ln /srv/data /srv/again");
    kapsel("snapshot", "web", "one").ok();
    in("web", "echo two >/srv/other; rm /etc/group");
    String archive = product.home().resolve("web.tar").toString();
    kapsel("export", "--whole", "-o", archive, "web").ok();
    kapsel("rm", "-f", "web").ok();

    assertThat(kapsel("import", "--whole", archive, "moved").ok().line()).isEqualTo("moved");

    assertThat(file("moved", "srv/other")).isEqualTo("two");
    start("moved");
    assertThat(in("moved", "stat -c %h /srv/data; ls /etc/group; cat /srv/other"))
        .isEqualTo("2\ntwo");
    assertThat(kapsel("inspect", "-f", "{{.HostConfig.Memory}}", "moved").line())
        .isEqualTo(Integer.toString(64 << 20));
    kapsel("restore", "moved", "one").ok();
    assertThat(in("moved", "ls /srv /etc/group")).contains("/etc/group").doesNotContain("other");
    java.nio.file.Files.delete(Path.of(archive));
  }

  /** Whoever wrote the archive is not whoever reads it. */
  @Test
  void whatIsImportedGetsNothingOfTheHostUnlessThatIsSaid() throws Exception {
    create("web", "-v", "/etc:/host-etc", "--cap-add", "SYS_ADMIN");
    String archive = product.home().resolve("web.tar").toString();
    kapsel("export", "--whole", "-o", archive, "web").ok();
    kapsel("rm", "web").ok();

    assertThat(kapsel("import", "--whole", archive).err())
        .contains("it asks for capabilities SYS_ADMIN, the host's /etc; --trust gives it that");
    assertThat(kapsel("ps", "-aq").line()).isEmpty();
    kapsel("import", "--whole", "--trust", archive).ok();
    Path cut = product.home().resolve("cut.tar");
    byte[] bytes = java.nio.file.Files.readAllBytes(Path.of(archive));
    java.nio.file.Files.write(cut, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    assertThat(kapsel("import", "--whole", "--trust", cut.toString(), "half").exitCode()).isOne();
    assertThat(kapsel("ps", "-a", "--format", "{{.Names}}").lines()).containsExactly("web");
    java.nio.file.Files.delete(Path.of(archive));
    java.nio.file.Files.delete(cut);
    kapsel("rm", "web").ok();
    assertThat(layers()).isEmpty();
  }

  @Test
  void saysWhatCannotBe() {
    create("web");
    kapsel("snapshot", "web", "one").ok();
    kapsel("run", "-d", "--rm", "--name", "brief", TestRoot.reference(), "/bin/sleep", "99").ok();

    assertThat(kapsel("snapshot", "web", "one").err())
        .isEqualTo("kapsel: cannot save 'web': there is a snapshot 'one' already\n");
    assertThat(kapsel("snapshot", "web", "../x").err()).contains("'../x': only [a-zA-Z0-9]");
    assertThat(kapsel("restore", "web", "two").err())
        .isEqualTo("kapsel: cannot find 'web/two': there is no such snapshot\n");
    assertThat(kapsel("clone", "web", "web").err()).contains("already in use");
    assertThat(kapsel("snapshot", "brief").err()).contains("it goes when it stops");
    assertThat(kapsel("snapshot", "--keep", "0", "web").exitCode()).isEqualTo(125);
    assertThat(layers()).hasSize(1);
  }

  /**
   * The engine is killed at one call after the other. Afterwards the container has what it had, a
   * snapshot or copy is whole or not there, and no layer is left that nobody stands on.
   */
  @ParameterizedTest
  @ValueSource(strings = {"snapshot", "snapshot-running", "restore", "clone"})
  void killedAtAnyStep(String operation) throws Exception {
    int call = 0;
    boolean survived = false;
    while (!survived) {
      call++;
      assertThat(call).as("steps of " + operation).isLessThan(MOST_CALLS);
      survived = killedAt(operation, call);
    }
    assertThat(call).as("steps of " + operation).isGreaterThan(2);
  }

  private static boolean killedAt(String operation, int call) throws Exception {
    create("web");
    start("web");
    in("web", "echo old >/srv/data");
    kapsel("snapshot", "web", "first").ok();
    in("web", "echo new >/srv/data");
    if (!operation.equals("snapshot-running")) {
      stop("web");
    }
    boolean survived = KillSweepIT.survives(product, CALLS, call, words(operation));

    String now = file("web", "srv/data");
    assertThat(now)
        .as(operation + " at call " + call)
        .isIn("new", words(operation)[0].equals("restore") ? "old" : "new");
    if (kapsel("snapshot", "ls", "-q", "web").lines().contains("second")) {
      kapsel("clone", "web/second", "other").ok();
      assertThat(file("other", "srv/data")).isEqualTo("new");
    }
    if (kapsel("ps", "-a", "--format", "{{.Names}}").lines().contains("copy")) {
      assertThat(file("copy", "srv/data")).isEqualTo("new");
    }
    kapsel("restore", "web", "first").ok();
    assertThat(file("web", "srv/data")).isEqualTo("old");
    product.removeAll();
    assertThat(layers()).as("layers after call " + call).isEmpty();
    return survived;
  }

  private static String[] words(String operation) {
    return switch (operation) {
      case "restore" -> new String[] {"restore", "web", "first"};
      case "clone" -> new String[] {"clone", "web", "copy"};
      default -> new String[] {"snapshot", "web", "second"};
    };
  }
}
