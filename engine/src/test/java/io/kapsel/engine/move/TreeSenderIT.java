package io.kapsel.engine.move;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees that are sent again and again, and what must be the same on the other side each time. */
class TreeSenderIT {
  private static final int MEGABYTE = 1 << 20;
  private static final OpenHow PLACE = OpenHow.of(OpenFlags.PATH | OpenFlags.NO_FOLLOW);

  @TempDir Path directory;

  private Path here;
  private Path there;
  private final ByteArrayOutputStream way = new ByteArrayOutputStream();
  private final Wire wire = new Wire(InputStream.nullInputStream(), way);
  private final TreeSender sender = new TreeSender(wire, () -> {});

  @BeforeEach
  void makeTrees() throws IOException {
    here = Files.createDirectory(directory.resolve("here"));
    there = Files.createDirectory(directory.resolve("there"));
  }

  private static Fd open(Path path) {
    return Open.path(path.toString(), OpenFlags.DIRECTORY);
  }

  /** One round; how many bytes that took. */
  private int round() throws IOException {
    try (Fd top = open(here)) {
      sender.round(top);
    }
    return arrive();
  }

  private int arrive() throws IOException {
    wire.flush();
    byte[] bytes = way.toByteArray();
    way.reset();
    try (Fd top = open(there)) {
      TreeReceiver.round(
          new Wire(new ByteArrayInputStream(bytes), OutputStream.nullOutputStream()), top);
    }
    return bytes.length;
  }

  private void isTheSame() throws IOException {
    assertThat(seen(there)).isEqualTo(seen(here));
  }

  /** All there is to see of a tree, by name. */
  private static Map<String, String> seen(Path tree) throws IOException {
    Map<String, String> all = new TreeMap<>();
    Map<Long, String> links = new TreeMap<>();
    try (Fd top = open(tree)) {
      all.put("", state(Attributes.status(top), top));
      look(top, "", all, links);
    }
    return all;
  }

  private static void look(Fd dir, String path, Map<String, String> all, Map<Long, String> links)
      throws IOException {
    List<Entries.Entry> entries = new ArrayList<>(Entries.list(dir));
    entries.sort((a, b) -> a.name().compareTo(b.name()));
    for (Entries.Entry each : entries) {
      FileStatus status = Attributes.status(dir, each.name());
      String name = path + each.name();
      try (Fd place = Open.at(dir, each.name(), PLACE)) {
        String first = links.computeIfAbsent(status.inode(), _ -> name);
        all.put(name, state(status, place) + " " + first + content(dir, each.name(), status));
      }
      if (status.type() == FileType.DIRECTORY) {
        try (Fd below = Open.directory(dir, each.name())) {
          look(below, name + "/", all, links);
        }
      }
    }
  }

  private static String state(FileStatus status, Fd place) {
    StringBuilder attributes = new StringBuilder();
    for (String name : ExtendedAttributes.list(place)) {
      attributes
          .append(' ')
          .append(name)
          .append('=')
          .append(HexFormat.of().formatHex(ExtendedAttributes.get(place, name).orElseThrow()));
    }
    return "%s %o %d:%d %s %s%s"
        .formatted(
            status.type(),
            status.mode(),
            status.uid(),
            status.gid(),
            status.modified(),
            status.device(),
            attributes);
  }

  private static String content(Fd dir, String name, FileStatus status) {
    return switch (status.type()) {
      case LINK -> " -> " + Entries.readLink(dir, name);
      case REGULAR ->
          " " + Arrays.hashCode(io.kapsel.linux.file.Content.readAll(dir, name, 64 * MEGABYTE));
      default -> "";
    };
  }

  private void change(String name, int at, int value) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(here.resolve(name).toFile(), "rw")) {
      file.seek(at);
      file.write(value);
    }
  }

  private void random(String name, int size) throws IOException {
    byte[] bytes = new byte[size];
    new SplittableRandom(size).nextBytes(bytes);
    Files.write(here.resolve(name), bytes);
  }

  @Test
  void sendsEverythingThatAFileCanBe() throws IOException {
    random("big", 3 * MEGABYTE + 17);
    Files.createLink(here.resolve("zlink"), here.resolve("big"));
    Files.createDirectories(here.resolve("a/b/c"));
    Files.writeString(here.resolve("a/b/c/text"), "hello");
    Files.createSymbolicLink(here.resolve("a/link"), Path.of("../nowhere"));
    try (Fd top = open(here);
        Fd below = open(here.resolve("a"))) {
      Entries.makeNode(top, "gone", FileType.CHARACTER_DEVICE, 0, new DeviceNumber(0, 0));
      Entries.makeNode(top, "null", FileType.CHARACTER_DEVICE, 0666, new DeviceNumber(1, 3));
      Entries.makeNode(top, "pipe", FileType.FIFO, 0640, new DeviceNumber(0, 0));
      Entries.makeNode(top, "socket", FileType.SOCKET, 0600, new DeviceNumber(0, 0));
      Entries.makeDirectory(top, "raw\udcff\udc80", 0711);
      ExtendedAttributes.set(below, "trusted.overlay.opaque", new byte[] {'y'});
      ExtendedAttributes.set(below, "user.note", new byte[] {1, 0, 2});
      Attributes.own(below, 1000, 2000);
      Attributes.own(top, "a", 65535, 65534);
    }
    try (Fd file = Open.path(here.resolve("a/b/c/text").toString(), OpenFlags.READ)) {
      Attributes.own(file, 7, 8);
      Attributes.mode(file, 04755);
      ExtendedAttributes.set(
          file,
          "security.capability",
          HexFormat.of().parseHex("0100000200040000000000000000000000000000"));
      Attributes.times(file, Instant.EPOCH, Instant.ofEpochSecond(1, 2));
    }

    round();
    isTheSame();
    int again = round();

    isTheSame();
    assertThat(again).isLessThan(1000);
  }

  @Test
  void leavesOutWhatHoldsForThisMachineAlone() throws IOException {
    Files.createDirectory(here.resolve("below"));
    try (Fd below = open(here.resolve("below"))) {
      ExtendedAttributes.set(below, "trusted.overlay.origin", new byte[] {1});
      ExtendedAttributes.set(below, "trusted.overlay.impure", new byte[] {'y'});
      ExtendedAttributes.set(below, "trusted.overlay.redirect", new byte[] {'/', 'x'});
    }

    round();

    try (Fd below = open(there.resolve("below"))) {
      assertThat(ExtendedAttributes.list(below)).containsExactly("trusted.overlay.redirect");
    }
  }

  @Test
  void sendsOfABigFileOnlyTheBlocksThatHaveChanged() throws IOException {
    random("base", 8 * MEGABYTE);
    round();
    change("base", 5 * MEGABYTE, 1);
    change("base", 8 * MEGABYTE - 1, 2);

    int bytes = round();

    isTheSame();
    assertThat(bytes).isBetween(2 << 16, (2 << 16) + 1000);
  }

  @Test
  void seesAChangeThatKeepsSizeAndTime() throws IOException {
    Files.writeString(here.resolve("file"), "before");
    FileTime time = Files.getLastModifiedTime(here.resolve("file"));
    round();
    Files.writeString(here.resolve("file"), "behind");
    Files.setLastModifiedTime(here.resolve("file"), time);

    round();

    isTheSame();
  }

  @Test
  void seesWhatIsWrittenThroughAMappingThatWasDirtyBefore() throws IOException {
    random("mapped", 3 << 16);
    try (FileChannel channel =
        FileChannel.open(
            here.resolve("mapped"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 3 << 16);
      for (int i = 0; i < 4; i++) {
        mapped.put(1 << 16, (byte) i);
        round();
        mapped.put((1 << 16) + 1, (byte) (i + 50));
        round();
        isTheSame();
      }
    }
  }

  @Test
  void followsFilesThatGrowShrinkAndBecomeHoles() throws IOException {
    random("file", 4 << 16);
    round();
    try (RandomAccessFile file = new RandomAccessFile(here.resolve("file").toFile(), "rw")) {
      file.setLength(100);
      round();
      isTheSame();
      file.setLength(4 << 16);
      round();
      isTheSame();
      random("other", 4 << 16);
      byte[] same = Files.readAllBytes(here.resolve("other"));
      file.seek(0);
      file.write(same);
      round();
      isTheSame();
      file.seek(1 << 16);
      file.write(new byte[1 << 16]);
      round();
      isTheSame();
    }
  }

  @Test
  void keepsHoles() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(here.resolve("sparse").toFile(), "rw")) {
      file.setLength(64L * MEGABYTE);
      file.seek(32L * MEGABYTE);
      file.write(1);
    }

    int bytes = round();

    isTheSame();
    assertThat(bytes).isLessThan(100_000);
    try (Fd top = open(there)) {
      assertThat(Attributes.status(top, "sparse").blocks()).isLessThan(1000);
    }
  }

  @Test
  void sendsNothingOfWhatWasOnlyRenamed() throws IOException {
    random("file", 4 * MEGABYTE);
    Files.createDirectory(here.resolve("zdir"));
    random("zdir/inside", 2 * MEGABYTE);
    round();
    Files.move(here.resolve("file"), here.resolve("again"));
    Files.move(here.resolve("zdir"), here.resolve("dir"));

    int bytes = round();

    isTheSame();
    assertThat(bytes).isLessThan(5000);
  }

  @Test
  void swapsNamesAndKinds() throws IOException {
    Files.writeString(here.resolve("a"), "first");
    Files.writeString(here.resolve("b"), "second");
    Files.createDirectory(here.resolve("c"));
    Files.writeString(here.resolve("c/x"), "third");
    Files.writeString(here.resolve("d"), "fourth");
    round();
    Files.move(here.resolve("a"), here.resolve("t"));
    Files.move(here.resolve("b"), here.resolve("a"));
    Files.move(here.resolve("t"), here.resolve("b"));
    Files.move(here.resolve("c"), here.resolve("t"));
    Files.move(here.resolve("d"), here.resolve("c"));
    Files.move(here.resolve("t"), here.resolve("d"));

    round();

    isTheSame();
  }

  @Test
  void takesAwayAndLinksNamesAnew() throws IOException {
    Files.writeString(here.resolve("a"), "text");
    Files.createLink(here.resolve("b"), here.resolve("a"));
    Files.createLink(here.resolve("c"), here.resolve("a"));
    Files.createDirectory(here.resolve("d"));
    Files.createDirectory(here.resolve("d-e"));
    Files.writeString(here.resolve("d/f"), "below");
    round();
    Files.delete(here.resolve("a"));
    Files.delete(here.resolve("d/f"));
    Files.delete(here.resolve("d"));
    Files.delete(here.resolve("d-e"));
    Files.delete(here.resolve("b"));
    Files.writeString(here.resolve("b"), "own");
    Files.createLink(here.resolve("e"), here.resolve("b"));

    round();

    isTheSame();
    Files.delete(here.resolve("b"));
    Files.writeString(here.resolve("c"), "changed");
    round();
    isTheSame();
  }

  @Test
  void takesAttributesAwayThatAreGone() throws IOException {
    Files.writeString(here.resolve("a"), "text");
    try (Fd file = Open.path(here.resolve("a").toString(), OpenFlags.READ)) {
      ExtendedAttributes.set(file, "user.one", new byte[] {1});
      ExtendedAttributes.set(file, "user.two", new byte[] {2});
    }
    round();
    try (Fd file = Open.path(here.resolve("a").toString(), OpenFlags.READ)) {
      assertThat(ExtendedAttributes.remove(file, "user.one")).isTrue();
      Attributes.own(file, 5, 6);
    }

    round();

    isTheSame();
  }

  /** A tree like that of a guest in which packages are installed, changed at random. */
  @Test
  void isTheSameAfterAnyChanges() throws IOException {
    SplittableRandom random = new SplittableRandom(4711);
    for (int step = 0; step < 60; step++) {
      for (int i = 0; i < 12; i++) {
        changeAtRandom(random);
      }
      round();
      isTheSame();
    }
  }

  private void changeAtRandom(SplittableRandom random) throws IOException {
    Path directory = here.resolve("d" + random.nextInt(3));
    Files.createDirectories(directory);
    Path one = directory.resolve("f" + random.nextInt(6));
    Path other = here.resolve("d" + random.nextInt(3)).resolve("f" + random.nextInt(6));
    Files.createDirectories(other.getParent());
    boolean there = Files.isRegularFile(one, java.nio.file.LinkOption.NOFOLLOW_LINKS);
    switch (random.nextInt(6)) {
      case 0 -> Files.deleteIfExists(one);
      case 1 -> {
        if (there && !one.equals(other)) {
          Files.deleteIfExists(other);
          Files.createLink(other, one);
        }
      }
      case 2 -> {
        if (there && !one.equals(other)) {
          Files.move(one, other, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
      }
      case 3 -> {
        Files.deleteIfExists(one);
        Files.createSymbolicLink(one, Path.of("x" + random.nextInt()));
      }
      default -> {
        byte[] bytes = new byte[random.nextInt(3 << 16)];
        Arrays.fill(bytes, (byte) random.nextInt(3));
        Files.deleteIfExists(random.nextBoolean() ? one : other);
        Files.write(one, bytes);
      }
    }
  }

  @Test
  void whatIsSentOnceIsWholeToo() throws IOException {
    random("big", MEGABYTE);
    Files.createDirectories(here.resolve("a/b"));
    Files.createLink(here.resolve("a/b/link"), here.resolve("big"));
    try (Fd top = open(here)) {
      TreeSender.once(top, wire, () -> {});
    }

    arrive();

    isTheSame();
  }

  private void sayLink(String path, Path target) throws IOException {
    wire.send(TreeOps.LINK, path);
    wire.text(target.toString());
    new FileState(0777, 0, 0, Instant.EPOCH, Map.of()).write(wire);
  }

  @Test
  void leadsNobodyOutOfTheTree() throws IOException {
    Path outside = Files.createDirectory(directory.resolve("outside"));
    for (String path :
        List.of("../outside/x", "..", "a/../../outside/x", "/tmp/x", "", "a/", ".")) {
      wire.send(TreeOps.DIRECTORY, path);
      wire.octet(TreeOps.END);
      assertThatThrownBy(this::arrive).as(path).isInstanceOf(Exception.class);
      way.reset();
    }
    sayLink("door", outside);
    wire.send(TreeOps.DIRECTORY, "door/x");
    wire.octet(TreeOps.END);

    assertThatThrownBy(this::arrive)
        .isInstanceOfSatisfying(
            SyscallException.class, e -> assertThat(e.errno()).isIn(Errno.ELOOP, Errno.ENOTDIR));
    assertThat(outside).isEmptyDirectory();
  }

  @Test
  void givesNoOtherFileAwayThroughALink() throws IOException {
    Path outside = Files.writeString(directory.resolve("secret"), "mine");
    Attributes.mode(Fd.CWD, outside.toString(), 0600);
    sayLink("door", outside);
    wire.send(TreeOps.STATE, "door");
    new FileState(0777, 1, 1, Instant.EPOCH, Map.of()).write(wire);
    wire.octet(TreeOps.END);

    arrive();

    FileStatus status = Attributes.status(Fd.CWD, outside.toString());
    assertThat(status.mode()).isEqualTo(0600);
    assertThat(status.uid()).isZero();
  }
}
