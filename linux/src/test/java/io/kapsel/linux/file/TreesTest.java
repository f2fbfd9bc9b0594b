package io.kapsel.linux.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class TreesTest {
  private Path path;
  private Fd dir;
  private long before;

  @BeforeEach
  void open() throws IOException {
    Path shm = Path.of("/dev/shm"); // a deep tree takes 400 MB on a disk
    path =
        Files.isWritable(shm)
            ? Files.createTempDirectory(shm, "kapsel-trees")
            : Files.createTempDirectory("kapsel-trees");
    before = Fd.openCount();
    dir = Open.path(path.toString(), OpenFlags.PATH);
  }

  @AfterEach
  void clean() throws IOException {
    dir.close();
    assertThat(Fd.openCount()).isEqualTo(before);
    Files.delete(path);
  }

  private static void deepen(Fd start, String name, int depth) {
    Fd current = start.duplicate();
    for (int i = 0; i < depth; i++) {
      Entries.makeDirectory(current, name, 0755);
      try (Fd parent = current) {
        current = Open.directory(parent, name);
      }
    }
    current.close();
  }

  @Test
  void aHundredThousandLevelsAreNoProblem() {
    Entries.makeDirectory(dir, "top", 0755);
    try (Fd top = Open.directory(dir, "top")) {
      deepen(top, "d", 100_000);
    }
    Trees.delete(dir, "top");
    assertThat(Attributes.find(dir, "top")).isEmpty();
  }

  @Test
  void namesMayBeAsLongAsTheyCan() {
    Entries.makeDirectory(dir, "top", 0755);
    try (Fd top = Open.directory(dir, "top")) {
      deepen(top, "n".repeat(255), 500);
      deepen(top, "\udcff".repeat(255), 500);
    }
    Trees.delete(dir, "top");
    assertThat(Attributes.find(dir, "top")).isEmpty();
  }

  @Test
  void aWideTreeGoesToo() {
    Entries.makeDirectory(dir, "top", 0755);
    try (Fd top = Open.directory(dir, "top")) {
      for (int i = 0; i < 200; i++) {
        Entries.makeDirectory(top, "d" + i, 0755);
        try (Fd sub = Open.directory(top, "d" + i)) {
          for (int j = 0; j < 50; j++) {
            Entries.makeNode(sub, "f" + j, FileType.REGULAR, 0, new DeviceNumber(0, 0));
          }
          deepen(sub, "e", i % 100);
        }
      }
    }
    Trees.delete(dir, "top");
    assertThat(Attributes.find(dir, "top")).isEmpty();
  }

  @Test
  void linksAreRemovedAndNotFollowed() throws IOException {
    Path canary = Files.createTempDirectory("kapsel-canary");
    Path file = Files.createFile(canary.resolve("file"));
    Entries.makeDirectory(dir, "top", 0755);
    try (Fd top = Open.directory(dir, "top")) {
      Entries.symlink(canary.toString(), top, "link");
      Entries.symlink("../../..", top, "up");
      Entries.makeNode(top, "fifo", FileType.FIFO, 0600, new DeviceNumber(0, 0));
    }
    Entries.symlink(canary.toString(), dir, "alias");
    Trees.delete(dir, "top");
    Trees.delete(dir, "alias");
    assertThat(Attributes.find(dir, "top")).isEmpty();
    assertThat(Attributes.find(dir, "alias")).isEmpty();
    assertThat(file).exists();
    Files.delete(file);
    Files.delete(canary);
  }

  @Test
  void aFileAndNothingAreTreesToo() {
    Entries.makeNode(dir, "file", FileType.REGULAR, 0600, new DeviceNumber(0, 0));
    Trees.delete(dir, "file");
    Trees.delete(dir, "file");
    assertThat(Attributes.find(dir, "file")).isEmpty();
  }
}
