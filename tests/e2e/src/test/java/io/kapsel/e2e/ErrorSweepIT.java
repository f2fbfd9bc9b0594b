package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * System calls of the engine and of its launchers fail while it does something (rows F6 and F7): it
 * is done, or not done and told; nothing is left of it, and afterwards it can be done.
 *
 * <p>Which calls fail, how, and when is chosen anew each time; {@code -Dkapsel.seed=N} repeats a
 * choice, {@code -Dkapsel.errors=N} takes more of them.
 */
class ErrorSweepIT extends EndToEnd {
  private static final int ERRORS = Integer.getInteger("kapsel.errors", 1);
  private static final int LATEST = 2;

  /** Sandboxes that an engine makes beforehand. */
  private static final int KEPT_READY = 3;

  /** What may fail together, and how. */
  private record Kind(String calls, List<String> errors) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("fsync,fdatasync", List.of("EIO", "ENOSPC", "EDQUOT")),
          new Kind("pwrite64,ftruncate,fallocate", List.of("EIO", "ENOSPC", "EDQUOT", "EROFS")),
          new Kind(
              "mkdir,mkdirat,symlinkat", List.of("EIO", "ENOSPC", "EDQUOT", "EROFS", "ENOMEM")),
          new Kind("rename,renameat,renameat2,link,linkat", List.of("EIO", "ENOSPC", "EDQUOT")),
          new Kind("openat2", List.of("EIO", "ENOMEM", "EMFILE", "ENFILE")),
          new Kind("chmod,fchmod,fchmodat,fchown,fchownat,chown", List.of("EIO", "EROFS")),
          new Kind("fsopen,fsconfig,fsmount,open_tree", List.of("ENOMEM", "EIO", "ENOSPC")),
          new Kind("mount_setattr,move_mount,mount", List.of("ENOMEM", "EIO")),
          new Kind("setns,unshare", List.of("ENOMEM", "ENOSPC")),
          new Kind("memfd_create,eventfd2,pidfd_open,socketpair", List.of("EMFILE", "ENOMEM")),
          new Kind("execve,seccomp,prctl,setgroups,capset", List.of("ENOMEM", "EAGAIN")));

  @BeforeAll
  static void archive() {
    String root = TestRoot.path().toString();
    Command.of("tar", "-C", root, "-cf", product.home().resolve("r.tar") + "", "bin/busybox")
        .run()
        .ok();
  }

  private void running() {
    List<String> words =
        new ArrayList<>(List.of("run", "-d", "--name", "box", TestRoot.reference()));
    words.addAll(List.of("/bin/sh", "-c", "echo said; exec sleep 1000"));
    kapsel(words.toArray(String[]::new)).ok();
    Await.until("it has spoken", () -> kapsel("logs", "box").out().equals("said\n"));
  }

  private void prepare(String operation) {
    switch (operation) {
      case "exec", "logs", "stop", "cp", "update" -> running();
      case "start", "rm", "commit" ->
          kapsel("create", "--name", "box", TestRoot.reference(), "/bin/sleep", "1000").ok();
      default -> {}
    }
  }

  private String[] words(String operation) {
    return switch (operation) {
      case "create" ->
          new String[] {"create", "--name", "box", TestRoot.reference(), "/bin/sleep", "1000"};
      case "run" ->
          new String[] {"run", "--rm", "-v", "vol:/v", TestRoot.reference(), "/bin/echo", "ran"};
      case "exec" -> new String[] {"exec", "box", "/bin/echo", "ran"};
      case "stop" -> new String[] {"stop", "-t", "0", "box"};
      case "cp" -> new String[] {"cp", TestRoot.path() + "/bin/busybox", "box:/srv/copy"};
      case "update" -> new String[] {"update", "--restart", "always", "box"};
      case "commit" -> new String[] {"commit", "box", "made:1"};
      case "import" -> new String[] {"import", product.home().resolve("r.tar") + "", "made:1"};
      case "volume" -> new String[] {"volume", "create", "vol"};
      case "network" -> new String[] {"network", "create", "net"};
      default -> new String[] {operation, "box"};
    };
  }

  /** Everything that the operation can have made, and that was made for it. */
  private void clear() {
    for (String id : kapsel("ps", "-aq").ok().lines()) {
      kapsel("rm", "-f", id).ok();
    }
    kapsel("rmi", "-f", "made:1");
    kapsel("image", "prune", "-a", "-f").ok();
    kapsel("volume", "rm", "-f", "vol").ok();
    kapsel("network", "rm", "net");
    List<String> left = new ArrayList<>(product.containersOnDisk());
    left.addAll(product.mounts());
    left.addAll(HostFiles.names(product.state().resolve("images/blobs/sha256")));
    left.addAll(kapsel("volume", "ls", "-q").ok().lines());
    assertThat(left).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create", "start", "run", "exec", "stop", "rm", "update", "commit", "cp", "logs", "import",
        "volume", "network"
      })
  void whatFailsIsToldAndWorksLater(String operation) {
    long seed = Long.getLong("kapsel.seed", System.nanoTime());
    System.out.println(operation + " fails at random with -Dkapsel.seed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < ERRORS; i++) {
      Kind kind = KINDS.get(random.nextInt(KINDS.size()));
      String error = kind.errors().get(random.nextInt(kind.errors().size()));
      int first = 1 + random.nextInt(LATEST);
      String when = random.nextBoolean() ? first + "+" : Integer.toString(first);
      fails(operation, kind.calls(), "error=" + error + ":when=" + when);
    }
  }

  private void fails(String operation, String calls, String how) {
    prepare(operation);
    kapsel("ps").ok();
    Result result;
    List<String> failed;
    try (Injection injection = Injection.into(product, calls, how)) {
      result = kapsel(words(operation));
      failed = injection.done();
    }
    String as =
        operation + " with " + calls + ":" + how + ": " + result + "\n" + String.join("\n", failed);
    assertThat(result.err()).as(as).doesNotContain("Exception", "\tat ", "engine has failed");
    if (result.exitCode() != 0) {
      assertThat(result.exitCode()).as(as).isIn(1, 125, 126, 127, 137);
      assertThat(result.err()).as(as).contains("kapsel: ");
    }
    worksNow(operation, as);
  }

  private void worksNow(String operation, String as) {
    Result list = kapsel("ps", "-a", "--format", "{{.Names}}");
    assertThat(list.exitCode()).as(as + "\n" + list).isZero();
    clear();
    for (int i = 0; i < KEPT_READY; i++) {
      kapsel("run", "--rm", TestRoot.reference(), "/bin/true"); // may get what was half made then
    }
    prepare(operation);
    Result again = kapsel(words(operation));
    assertThat(again.exitCode()).as(as + "\nand later " + again).isZero();
    clear();
  }
}
