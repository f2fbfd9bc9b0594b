package io.kapsel.linux.confine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.MountTable;
import io.kapsel.linux.mount.Mounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever work inside tries by name, it stays inside. Needs root. */
class ConfinementIT {
  @TempDir Path place;
  private Fd target;
  private Fd lower;
  private Path canary;

  @BeforeEach
  void makePlaces() throws IOException {
    canary = Files.createDirectory(place.resolve("canary"));
    Files.writeString(canary.resolve("f"), "untouched");
    target = open(Files.createDirectory(place.resolve("target")));
    Path below = Files.createDirectory(place.resolve("lower"));
    Files.writeString(below.resolve("g"), "below");
    lower = open(below);
  }

  @AfterEach
  void theOutsideIsAsItWas() {
    target.close();
    lower.close();
    assertThat(canary.resolve("f")).hasContent("untouched");
    assertThat(canary.toFile().list()).hasSize(1);
    assertThat(place.toFile().list()).hasSize(3);
  }

  private static Fd open(Path directory) {
    return Open.path(directory.toString(), OpenFlags.DIRECTORY);
  }

  private <T> T inside(Confinement.Work<T> work) throws IOException {
    return Confinement.start(target, List.of(lower), work).await();
  }

  private static void write(Fd dir, String path) {
    int flags = OpenFlags.WRITE | OpenFlags.TRUNCATE;
    try (Fd file = Open.at(dir, path, OpenHow.of(flags).creating(0644))) {
      byte[] text = "changed".getBytes(StandardCharsets.UTF_8);
      Content.write(file, text, 0, text.length);
    }
  }

  @Test
  void whatBelongsInsideWorks() throws IOException {
    List<String> found =
        inside((root, below) -> {
          write(root, "f");
          Attributes.own(root, "f", 7, 8);
          Attributes.mode(root, "f", 04755);
          Entries.makeDirectory(root, "d", 0700);
          Entries.link(root, "f", root, "d/g");
          try (Fd d = Open.directory(root, "d")) {
            ExtendedAttributes.set(d, "trusted.overlay.opaque", new byte[] {'y'});
          }
          Entries.makeNode(
              root,
              "w",
              io.kapsel.linux.file.FileType.CHARACTER_DEVICE,
              0,
              new io.kapsel.linux.file.DeviceNumber(0, 0));
          return Entries.list(below.getFirst()).stream().map(Entries.Entry::name).toList();
        });

    assertThat(found).containsExactly("g");
    assertThat(place.resolve("target/d/g")).hasContent("changed");
    assertThat(Attributes.status(target, "f").uid()).isEqualTo(7);
    assertThat(Attributes.status(target, "f").mode()).isEqualTo(04755);
  }

  @Test
  void carelessNamesDoNotLeadOut() throws IOException {
    String absolute = canary.toString();
    List<String> ways =
        List.of("../canary/f", absolute + "/f", "out/f", "up/canary/f", "/proc/1/root" + absolute);
    Map<String, String> answers =
        inside((root, below) -> {
          Entries.symlink(absolute, root, "out");
          Entries.symlink("../../../../../../../..", root, "up");
          Map<String, String> said = new LinkedHashMap<>();
          List<Fd> bases = new ArrayList<>(below);
          bases.add(root);
          bases.add(Fd.CWD);
          for (Fd base : bases) {
            for (String way : ways) {
              said.put(base + way, tried(() -> write(base, way)));
            }
          }
          return said;
        });

    assertThat(answers.values()).doesNotContain("done").hasSize(15);
    write(target, "../canary/g"); // the same from outside, to show that the tries are real
    Files.delete(canary.resolve("g"));
  }

  private static String tried(Runnable action) {
    try {
      action.run();
      return "done";
    } catch (SyscallException e) {
      return e.errno().toString();
    }
  }

  @Test
  void whatLiesBelowIsOnlyRead() throws IOException {
    String answer = inside((_, below) -> tried(() -> write(below.getFirst(), "g")));
    assertThat(answer).contains("EROFS");
    assertThat(place.resolve("lower/g")).hasContent("below");
  }

  @Test
  void whoOnlyReadsWritesNowhereAndReadsNothingElse() throws IOException {
    List<String> answers =
        Confinement.start(
                List.of(lower),
                (root, below) ->
                    List.of(
                        tried(() -> Open.at(below.getFirst(), "g", OpenHow.of(0)).close()),
                        tried(() -> write(root, "x")),
                        tried(() -> write(below.getFirst(), "g")),
                        tried(
                            () -> Open.at(below.getFirst(), "../canary/f", OpenHow.of(0)).close()),
                        tried(() -> Open.path("/etc/passwd", OpenFlags.READ).close())))
            .await();

    assertThat(answers.getFirst()).isEqualTo("done");
    assertThat(answers.subList(1, 5)).doesNotContain("done");
  }

  @Test
  void callsThatReachTheMachineAreRefused() throws IOException {
    List<Syscall> calls =
        List.of(
            Syscall.SOCKET,
            Syscall.SOCKETPAIR,
            Syscall.MOUNT,
            Syscall.UNSHARE,
            Syscall.SETNS,
            Syscall.OPEN_TREE,
            Syscall.FSOPEN,
            Syscall.CHROOT,
            Syscall.PTRACE,
            Syscall.CLONE3,
            Syscall.OPEN_BY_HANDLE_AT,
            Syscall.EXECVE,
            Syscall.BPF,
            Syscall.IO_URING_SETUP);
    List<Long> answers =
        inside((_, _) -> calls.stream().map(each -> Kernel.call(each, 1, 1, 0)).toList());

    assertThat(answers).containsOnly((long) -Errno.EPERM.number());
  }

  @Test
  void devicesAreNotMade() throws IOException {
    String answer =
        inside((root, _) ->
            tried(() ->
                Entries.makeNode(
                    root,
                    "null",
                    io.kapsel.linux.file.FileType.CHARACTER_DEVICE,
                    0600,
                    new io.kapsel.linux.file.DeviceNumber(1, 3))));
    assertThat(answer).contains("EPERM");
  }

  @Test
  void noThreadIsMadeThatWouldBeConfinedToo() {
    assertThatThrownBy(() ->
            inside((_, _) -> {
              Thread.ofPlatform().start(() -> {});
              return "";
            }))
        .isInstanceOf(OutOfMemoryError.class);
  }

  @Test
  void theMountsOfOthersStay() throws IOException {
    int before = MountTable.read().entries().size();
    String done = inside((_, _) -> "in");
    assertThat(done).isEqualTo("in");
    assertThat(MountTable.read().entries()).hasSize(before);
    assertThat(Files.exists(Path.of("/proc/self/status"))).isTrue();
  }

  @Test
  void mountsOfOthersBelowAreNotSeen() throws IOException {
    Path point = Files.createDirectory(place.resolve("target/m"));
    try (Fd other = Mounts.openTree(lower, "", Mounts.CLONE | Mounts.EMPTY_PATH);
        Fd at = open(point)) {
      Mounts.move(other, at);
    }
    try {
      int seen =
          inside((root, _) -> {
            try (Fd m = Open.directory(root, "m")) {
              return Entries.list(m).size();
            }
          });
      assertThat(seen).isZero();
    } finally {
      Mounts.detach(point.toString());
    }
  }

  /** As all is on a host that systemd has booted. */
  @Test
  void worksBelowASharedMount() throws IOException {
    try (Fd mount = Mounts.openTree(target, "", Mounts.CLONE | Mounts.EMPTY_PATH)) {
      Mounts.move(mount, target);
    }
    try (Fd shared = open(place.resolve("target"))) {
      Mounts.setAttributes(shared, 0, MountAttributes.propagating(MountAttributes.SHARED));
      String done = Confinement.start(shared, List.of(), (_, _) -> "in").await();
      assertThat(done).isEqualTo("in");
      Fd part = Mounts.openTree(shared, "", Mounts.CLONE | Mounts.EMPTY_PATH);
      try (part;
          Fd other = Mounts.openTree(lower, "", Mounts.CLONE | Mounts.EMPTY_PATH)) {
        Mounts.move(other, RootView.Place.of(part, "/x", false).mount());
        assertThat(place.resolve("target/g")).as("no mount is passed on").doesNotExist();
      }
    } finally {
      Mounts.detach(place.resolve("target").toString());
    }
  }

  @Test
  void landlockHoldsWithoutTheRest() throws Exception {
    assertThat(Landlock.usable()).as("this kernel has Landlock").isTrue();
    List<String> answers = new ArrayList<>();
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try (Landlock rules = Landlock.begin()) {
                rules.writable(target).readable(lower).enforce();
              }
              answers.add(tried(() -> write(target, "f")));
              answers.add(tried(() -> write(target, "../canary/f")));
              answers.add(tried(() -> write(lower, "g")));
              answers.add(tried(() -> Open.path("/etc/passwd", OpenFlags.READ).close()));
            });
    thread.join();

    assertThat(answers.getFirst()).isEqualTo("done");
    assertThat(answers.subList(1, 4)).allMatch(each -> each.contains("EACCES"));
  }

  @Test
  void whatGoesWrongInsideIsTold() {
    assertThatThrownBy(() ->
            inside((_, _) -> {
              throw new IOException("bad");
            }))
        .hasMessage("bad");
  }
}
