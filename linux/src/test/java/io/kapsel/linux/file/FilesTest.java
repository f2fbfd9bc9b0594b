package io.kapsel.linux.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class FilesTest {
  @TempDir Path path;
  private Fd dir;
  private long before;

  @BeforeEach
  void open() {
    before = Fd.openCount();
    dir = Open.path(path.toString(), OpenFlags.DIRECTORY);
  }

  @AfterEach
  void nothingLeaks() {
    dir.close();
    assertThat(Fd.openCount()).isEqualTo(before);
  }

  private void write(String name, String text) {
    int flags = OpenFlags.WRITE | OpenFlags.TRUNCATE;
    try (Fd fd = Open.at(dir, name, OpenHow.of(flags).creating(0644))) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      Content.write(fd, bytes, 0, bytes.length);
    }
  }

  private String read(String name) {
    return new String(Content.readAll(dir, name, 1 << 20), StandardCharsets.UTF_8);
  }

  @Test
  void everyDescriptorIsCloseOnExec() {
    assertThat(Kernel.call(Syscall.FCNTL, dir.number(), 1)).isEqualTo(1);
  }

  @Test
  void whatIsWrittenIsRead() {
    write("file", "hello");
    assertThat(read("file")).isEqualTo("hello");
    try (Fd fd = Open.at(dir, "file", OpenHow.of(OpenFlags.READ_WRITE))) {
      Content.writeAt(fd, 5, new byte[200_000]);
      assertThat(Attributes.status(fd).size()).isEqualTo(200_005);
      byte[] part = new byte[3];
      assertThat(Content.readAt(fd, 2, part, 0, 3)).isEqualTo(3);
      assertThat(new String(part, StandardCharsets.UTF_8)).isEqualTo("llo");
      assertThatThrownBy(() -> Content.readAll(fd, 1000)).hasMessageContaining("EFBIG");
      Content.truncate(fd, 2);
      Content.sync(fd);
    }
    assertThat(read("file")).isEqualTo("he");
  }

  @Test
  void saysWhichPathIsMissing() {
    assertThatThrownBy(() -> Open.path("/no/such", OpenFlags.READ))
        .hasMessage("openat2 '/no/such': no such file or directory (ENOENT)");
  }

  @Test
  void nothingLeadsOutFromBeneath() {
    Entries.symlink("/etc", dir, "out");
    Entries.symlink("../..", dir, "up");
    OpenHow how = OpenHow.of(OpenFlags.READ);
    for (String way : List.of("out/passwd", "up/etc/passwd", "../x", "/etc/passwd")) {
      assertThatThrownBy(() -> Open.openBeneath(dir, way, how))
          .as(way)
          .hasMessage("openat2 '" + way + "': invalid cross-device link (EXDEV)");
    }
  }

  @Test
  void linksStartAtTheRootThatIsGiven() {
    Entries.makeDirectory(dir, "etc", 0755);
    write("etc/passwd", "ours");
    Entries.symlink("/etc/passwd", dir, "link");
    Entries.symlink("../../../../etc", dir, "up");
    try (RootDirectory root = RootDirectory.open(path.toString())) {
      assertThat(root.read("/link", 100).orElseThrow()).asString().isEqualTo("ours");
      assertThat(root.read("up/passwd", 100).orElseThrow()).asString().isEqualTo("ours");
      assertThat(root.read("../../etc/passwd", 100).orElseThrow()).asString().isEqualTo("ours");
      assertThat(root.read("etc/shadow", 100)).isEmpty();
      assertThat(root.read("link/x", 100)).isEmpty();
    }
  }

  @Test
  void magicLinksOfProcAreRefused() {
    Entries.symlink("/self/root", dir, "x");
    try (RootDirectory proc = RootDirectory.open("/proc")) {
      assertThatThrownBy(() -> proc.open("/self/root", OpenFlags.READ))
          .hasMessageContaining("ELOOP");
    }
  }

  @Test
  void aFifoInARootBlocksNobody() {
    Entries.makeNode(dir, "fifo", FileType.FIFO, 0600, new DeviceNumber(0, 0));
    try (RootDirectory root = RootDirectory.open(path.toString())) {
      root.open("fifo", OpenFlags.READ).close();
      assertThatThrownBy(() -> root.read("fifo", 10)).hasMessageContaining("EINVAL");
    }
  }

  @Test
  void directoriesAreMadeInTheRoot() {
    Entries.makeDirectory(dir, "real", 0755);
    Entries.symlink("/real", dir, "link");
    try (RootDirectory root = RootDirectory.open(path.toString())) {
      root.makeDirectories("/link/a//b/./c", 0755).close();
      root.makeDirectories("link/a/b", 0755).close();
      assertThat(path.resolve("real/a/b/c")).isDirectory();
      root.makeDirectories("/../../up", 0755).close();
      assertThat(path.resolve("up")).isDirectory();
    }
  }

  @Test
  void namesOfAnyBytesComeBackAsTheyWere() {
    String odd = RawText.decode(new byte[] {'a', (byte) 0xff, '\n', (byte) 0xc3, (byte) 0xbc, 1});
    write(odd, "odd");
    assertThat(Entries.list(dir)).extracting(Entries.Entry::name).containsExactly(odd);
    assertThat(read(odd)).isEqualTo("odd");
    assertThat(Entries.unlink(dir, odd)).isTrue();
    assertThat(Entries.unlink(dir, odd)).isFalse();
  }

  @Test
  void listsAllNamesOfABigDirectory() {
    for (int i = 0; i < 3000; i++) {
      Entries.makeNode(dir, "name-" + i, FileType.REGULAR, 0600, new DeviceNumber(0, 0));
    }
    assertThat(Entries.list(dir)).hasSize(3000).allMatch(e -> e.type() == FileType.REGULAR);
    try (Fd place = Open.path(path.toString(), OpenFlags.PATH)) {
      assertThat(Entries.list(place)).hasSize(3000);
    }
  }

  @Test
  void namesAreMadeAndMoved() {
    assertThat(Entries.ensureDirectory(dir, "d", 0700)).isTrue();
    assertThat(Entries.ensureDirectory(dir, "d", 0700)).isFalse();
    write("a", "1");
    write("b", "2");
    Entries.link(dir, "a", dir, "a2");
    assertThat(Attributes.status(dir, "a").links()).isEqualTo(2);
    assertThat(Attributes.status(dir, "a").sameFile(Attributes.status(dir, "a2"))).isTrue();
    Entries.rename(dir, "a", dir, "b", Entries.EXCHANGE);
    assertThat(read("a")).isEqualTo("2");
    assertThatThrownBy(() -> Entries.rename(dir, "a", dir, "b", Entries.NO_REPLACE))
        .hasMessage("renameat2 'b': file exists (EEXIST)");
    Entries.rename(dir, "a", dir, "b");
    assertThat(Attributes.find(dir, "a")).isEmpty();
    Entries.symlink("target", dir, "link");
    assertThat(Entries.readLink(dir, "link")).isEqualTo("target");
    assertThat(Attributes.status(dir, "link").type()).isEqualTo(FileType.LINK);
    assertThat(Entries.removeDirectory(dir, "d")).isTrue();
    assertThatThrownBy(() -> Entries.removeDirectory(dir, "b"))
        .hasMessage("rmdir 'b': not a directory (ENOTDIR)");
  }

  @Test
  void attributesAreKept() {
    write("file", "x");
    Instant time = Instant.ofEpochSecond(1_000_000, 123);
    Attributes.times(dir, "file", time, time);
    try (Fd place = Open.at(dir, "file", OpenHow.of(OpenFlags.PATH))) {
      Attributes.own(place, -1, -1);
      Attributes.mode(place, 04751);
      ExtendedAttributes.set(place, "user.kapsel", new byte[] {1, 0, 2});
      assertThat(ExtendedAttributes.get(place, "user.kapsel").orElseThrow())
          .containsExactly(1, 0, 2);
      assertThat(ExtendedAttributes.list(place)).contains("user.kapsel");
      assertThat(ExtendedAttributes.remove(place, "user.kapsel")).isTrue();
      assertThat(ExtendedAttributes.remove(place, "user.kapsel")).isFalse();
      assertThat(ExtendedAttributes.get(place, "user.kapsel")).isEmpty();
      FileStatus status = Attributes.status(place);
      assertThat(status.mode()).isEqualTo(04751);
      assertThat(status.modified()).isEqualTo(time);
      assertThat(status.mountId()).isPositive();
      assertThat(status.filesystem()).isEqualTo(Attributes.status(dir).filesystem());
    }
    assertThat(Attributes.filesystem(dir).availableBytes()).isPositive();
    try (Fd proc = Open.path("/proc", OpenFlags.PATH)) {
      assertThat(Attributes.filesystem(proc).type()).isEqualTo(FilesystemStatus.PROC);
    }
  }

  @Test
  void aDeviceHasItsNumber() {
    FileStatus status = Attributes.status(Fd.CWD, "/dev/null");
    assertThat(status.device()).isEqualTo(new DeviceNumber(1, 3)).hasToString("1:3");
    assertThat(new DeviceNumber(259, 70000).encoded()).isEqualTo(0x11110370L);
  }

  @Test
  void aLockHasOneOwner() {
    try (Fd one = Open.create(path.resolve("lock").toString(), OpenFlags.READ_WRITE, 0600);
        Fd two = Open.path(path.resolve("lock").toString(), OpenFlags.READ_WRITE)) {
      assertThat(Content.tryLock(one)).isTrue();
      assertThat(Content.tryLock(two)).isFalse();
      one.close();
      assertThat(Content.tryLock(two)).isTrue();
    }
  }

  @Test
  void kernelFilesTakeAValueAtATime() {
    Content.put(Fd.CWD, "/proc/self/comm", "surefire");
    assertThatThrownBy(() -> Content.put(Fd.CWD, "/proc/self/no", "1"))
        .isInstanceOf(SyscallException.class);
  }

  @Test
  void aMissingFileIsNotMade() {
    assertThatThrownBy(() -> Content.put(dir, "new", "1")).hasMessageContaining("ENOENT");
    assertThat(Files.exists(path.resolve("new"))).isFalse();
  }
}
