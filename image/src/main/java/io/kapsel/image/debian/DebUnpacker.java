package io.kapsel.image.debian;

import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarReader;
import io.kapsel.image.tar.Unpacker;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.RawText;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.confine.Loaded;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.library.Xz;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Unpacks one {@code .deb} as dpkg would; see deb(5). Files get their final names at once, also
 * those that an administrator may change: the system is new, so nothing of his is in the way.
 */
final class DebUnpacker {
  private static final int BUFFER = 1 << 16;
  private static final int MODE = 07777;
  private static final int LARGEST_CONTROL = 16 << 20;
  private static final int LONGEST_PATH = 4096;
  private static final Set<String> CONTROL_ONLY = Set.of("control");

  private final TargetTree tree;
  private final DebianPackage each;
  private final int order;
  private final ByteArrayOutputStream list = new ByteArrayOutputStream();
  private final Set<String> conffiles = new HashSet<>();
  private final Map<String, String> hashes = new HashMap<>();
  private final List<String> triggers = new ArrayList<>();
  private final Set<String> aside = new HashSet<>();
  private final byte[] buffer = new byte[BUFFER];
  private Optional<Stanza> control = Optional.empty();
  private boolean diverts;
  private String parentPath = "";
  private Optional<Fd> parent = Optional.empty();

  private DebUnpacker(TargetTree tree, DebianPackage each, int order) {
    this.tree = tree;
    this.each = each;
    this.order = order;
  }

  /**
   * Unpacks into {@code tree}, on a thread that reaches nothing else.
   *
   * @param order the package's place in the order of all
   * @throws IOException when it is damaged, or no package, or not the one that the index tells of
   */
  static DpkgDatabase.Unpacked unpack(
      InputStream deb, TargetTree tree, DebianPackage each, int order) throws IOException {
    Loaded.classes(DebUnpacker.class, "io.kapsel.image.debian");
    Loaded.classes(Xz.class, "io.kapsel.linux.library");
    return Unpacker.run(
        deb,
        tree.root(),
        List.of(),
        (in, inside, _) -> {
          try (TargetTree seen = tree.seenFrom(inside)) {
            return unconfined(in, seen, each, order);
          }
        });
  }

  private static DpkgDatabase.Unpacked unconfined(
      InputStream deb, TargetTree tree, DebianPackage each, int order) throws IOException {
    DebUnpacker unpacker = new DebUnpacker(tree, each, order);
    try {
      return unpacker.unpack(new ArReader(deb));
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    } catch (IllegalArgumentException e) { // a header that is none
      throw new IOException("it is damaged: " + e.getMessage(), e);
    } finally {
      unpacker.parent.ifPresent(Fd::close);
    }
  }

  private DpkgDatabase.Unpacked unpack(ArReader ar) throws IOException {
    boolean data = false;
    for (Optional<String> name = ar.next(); name.isPresent(); name = ar.next()) {
      String member = name.get();
      if (member.startsWith("control.tar") && control.isEmpty()) {
        try (InputStream in = Packing.open(member, ar.data())) {
          control(new TarReader(in));
        }
      } else if (member.startsWith("data.tar") && control.isPresent() && !data) {
        try (InputStream in = Packing.open(member, ar.data())) {
          data(new TarReader(in));
        }
        data = true;
      }
    }
    if (!data) {
      throw new IOException("it has no control.tar or no data.tar");
    }
    try (Fd info = DpkgDatabase.info(tree)) {
      DpkgDatabase.write(info, DpkgDatabase.prefix(each) + ".list", list.toByteArray(), 0644);
    }
    return new DpkgDatabase.Unpacked(each, control.get(), hashes, triggers);
  }

  private void control(TarReader tar) throws IOException {
    try (Fd info = DpkgDatabase.info(tree)) {
      for (TarEntry entry; (entry = tar.next()) != null; ) {
        String name = path(entry.name());
        if (entry.type() != TarEntry.Type.FILE || name.isEmpty()) {
          continue;
        }
        if (!name.matches("[a-z0-9.-]+") || entry.size() > LARGEST_CONTROL) {
          throw new IOException("it has a control file of an unusual name or size");
        }
        byte[] content = tar.data().readAllBytes();
        note(name, content);
        if (!CONTROL_ONLY.contains(name)) {
          String file = DpkgDatabase.prefix(each) + "." + name;
          DpkgDatabase.write(info, file, content, entry.mode() & MODE);
          Attributes.times(info, file, modified(entry), modified(entry));
        }
      }
    }
    Stanza stanza = control.orElseThrow(() -> new IOException("it has no control file"));
    if (!stanza.value("Package").equals(each.name())
        || !stanza.value("Version").equals(each.version().text())) {
      throw new IOException("it is another package than the index says");
    }
  }

  private FileOwners.Owner owner() {
    String replaces = control.flatMap(it -> it.find("Replaces")).orElse("");
    List<Dependency> all = Dependency.parse(replaces).stream().flatMap(List::stream).toList();
    return new FileOwners.Owner(each, order, all, diverts);
  }

  private void note(String name, byte[] content) {
    String text = new String(content, StandardCharsets.UTF_8);
    switch (name) {
      case "control" -> control = Optional.of(Stanza.parse(text));
      case "preinst" -> diverts = text.contains("dpkg-divert");
      case "conffiles" -> text.lines().map(String::strip).forEach(conffiles::add);
      case "triggers" -> text.lines().filter(line -> !line.startsWith("#")).forEach(triggers::add);
      default -> {}
    }
  }

  private void data(TarReader tar) throws IOException {
    FileOwners.Owner owner = owner();
    for (TarEntry entry; (entry = tar.next()) != null; ) {
      String path = path(entry.name());
      FileOwners.Verdict verdict =
          entry.type() == TarEntry.Type.DIRECTORY
              ? FileOwners.Verdict.MINE
              : tree.owners().claim(path, owner);
      if (verdict == FileOwners.Verdict.THEIRS) {
        continue;
      }
      list.write('/');
      list.writeBytes(path.isEmpty() ? new byte[] {'.'} : RawText.encode(path));
      list.write('\n');
      if (verdict == FileOwners.Verdict.INSTEAD) {
        aside.add(path);
      }
      try {
        member(path, entry, tar);
      } catch (SyscallException e) {
        throw new IOException("'" + path + "': " + e.getMessage(), e);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new java.io.InterruptedIOException("interrupted");
      }
    }
  }

  private void member(String path, TarEntry entry, TarReader tar) throws IOException {
    if (entry.type() == TarEntry.Type.DIRECTORY) {
      tree.claim(path, order, entry.mode() & MODE, id(entry.uid()), id(entry.gid()));
      if (!path.isEmpty()) {
        tree.directory(path, 0755).close();
      }
      return;
    }
    if (path.isEmpty()) {
      throw new IOException("it has a file without a name");
    }
    Fd directory = parent(path.substring(0, Math.max(path.lastIndexOf('/'), 0)));
    String name = named(path);
    switch (entry.type()) {
      case FILE -> file(path, directory, name, entry, tar);
      case HARD_LINK -> link(path(entry.link()), directory, name);
      case SYMLINK -> {
        symlink(entry.link(), directory, name);
        finishByName(directory, name, entry);
      }
      case FIFO -> {
        DeviceNumber none = new DeviceNumber(0, 0);
        Entries.makeNode(directory, name, FileType.FIFO, entry.mode() & MODE, none);
        finishByName(directory, name, entry);
      }
      case DIRECTORY, CHARACTER_DEVICE, BLOCK_DEVICE ->
          throw new IOException("'" + path + "' is neither file, directory nor link");
    }
  }

  /** The last part of a path; another one while it waits to take another's place. */
  private String named(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return aside.contains(path) ? FileOwners.aside(name, order) : name;
  }

  /** Members of one directory follow each other. */
  private Fd parent(String path) {
    if (parent.isEmpty() || !parentPath.equals(path)) {
      parent.ifPresent(Fd::close);
      parent = Optional.empty();
      parent = Optional.of(tree.directory(path, 0755));
      parentPath = path;
    }
    return parent.get();
  }

  private void file(String path, Fd directory, String name, TarEntry entry, TarReader tar)
      throws IOException {
    Optional<MessageDigest> digest =
        conffiles.contains("/" + path) ? Optional.of(md5()) : Optional.empty();
    OpenHow how =
        OpenHow.of(OpenFlags.WRITE | OpenFlags.EXCLUSIVE)
            .creating(0600)
            .resolving(OpenHow.BENEATH | OpenHow.NO_LINKS);
    try (Fd file = taken(path, () -> Open.at(directory, name, how))) {
      int count;
      while ((count = tar.read(buffer, 0, BUFFER)) > 0) {
        Content.write(file, buffer, 0, count);
        int length = count;
        digest.ifPresent(it -> it.update(buffer, 0, length));
      }
      if (entry.uid() != 0 || entry.gid() != 0) {
        Attributes.own(file, id(entry.uid()), id(entry.gid()));
      }
      Attributes.mode(file, entry.mode() & MODE);
    }
    Attributes.times(directory, name, modified(entry), modified(entry));
    digest.ifPresent(it -> hashes.put("/" + path, HexFormat.of().formatHex(it.digest())));
  }

  private void symlink(String target, Fd directory, String name) throws IOException {
    if (target.isEmpty() || target.indexOf('\0') >= 0) {
      throw new IOException("a symbolic link says nothing, or has a NUL");
    }
    Optional<io.kapsel.linux.file.FileStatus> there = Attributes.find(directory, name);
    if (there.isPresent()
        && there.get().type() == FileType.LINK
        && Entries.readLink(directory, name).equals(target)) {
      return; // a merged /usr was made before its package came
    }
    taken(
        name,
        () -> {
          Entries.symlink(target, directory, name);
          return true;
        });
  }

  private void link(String target, Fd directory, String name) throws IOException {
    int slash = target.lastIndexOf('/');
    try (Fd from = tree.directory(slash < 0 ? "" : target.substring(0, slash), 0755)) {
      taken(
          name,
          () -> {
            Entries.link(from, named(target), directory, name);
            return true;
          });
    }
  }

  /** Two packages may not have one file: which of them it came from would be chance. */
  private static <T> T taken(String path, java.util.function.Supplier<T> make) throws IOException {
    try {
      return make.get();
    } catch (SyscallException e) {
      if (e.is(Errno.EEXIST)) {
        throw new IOException("'" + path + "' is in another package, too", e);
      }
      throw e;
    }
  }

  private static void finishByName(Fd directory, String name, TarEntry entry) throws IOException {
    Attributes.own(directory, name, id(entry.uid()), id(entry.gid()));
    Attributes.times(directory, name, modified(entry), modified(entry));
  }

  /** A name without leading or doubled slashes; one that would lead out is refused. */
  private static String path(String name) throws IOException {
    if (name.length() > LONGEST_PATH || name.indexOf('\0') >= 0) {
      throw new IOException("it has a name that is too long or has a NUL");
    }
    StringBuilder path = new StringBuilder(name.length());
    for (String part : name.split("/", -1)) {
      if (part.equals("..")) {
        throw new IOException("it has a name that leads out: '" + name + "'");
      }
      if (!part.isEmpty() && !part.equals(".")) {
        path.append(path.isEmpty() ? "" : "/").append(part);
      }
    }
    return path.toString();
  }

  private static Instant modified(TarEntry entry) {
    Instant time = entry.modified();
    return time.isBefore(Instant.EPOCH) ? Instant.EPOCH : time;
  }

  private static int id(long id) throws IOException {
    if (id < 0 || id > 0xffffL) {
      throw new IOException("it has an owner that no container has: " + id);
    }
    return (int) id;
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has MD5", e);
    }
  }
}
