package io.kapsel.engine.system;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.RootDirectory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of a system container that say which machine it is. They lie in its own layer, where
 * its programs may change them, and are written before anything of it has run.
 */
public final class OwnFiles {
  private static final int DIRECTORY = 0755;
  private static final int FILE = 0644;
  private static final int LONGEST = 1 << 20;

  private OwnFiles() {}

  /**
   * Writes them into an empty layer.
   *
   * @param layer the container's own
   * @param below the layers that it stands on
   */
  public static void write(Path layer, List<Path> below, String hostname) {
    try (RootDirectory root = RootDirectory.open(layer.toString());
        Fd etc = directory(root, "/etc")) {
      put(etc, "hostname", hostname + "\n");
      put(
          etc,
          "hosts",
          "127.0.0.1\tlocalhost\n127.0.1.1\t"
              + hostname
              + "\n::1\tlocalhost ip6-localhost ip6-loopback\n"
              + "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
      forgetMachine(root, etc, below);
    }
  }

  private static void forgetMachine(RootDirectory root, Fd etc, List<Path> below) {
    put(etc, "machine-id", ""); // the init makes one of container_uuid
    if (hasRegular(below, "/var/lib/dbus/machine-id")) {
      hide(root, "/var/lib/dbus", "machine-id");
    }
  }

  /**
   * Writes those of a copy: the same but for its names.
   *
   * @param before the name of the one that was copied
   */
  public static void renew(Path layer, List<Path> below, String before, String hostname) {
    try (RootDirectory root = RootDirectory.open(layer.toString());
        Fd etc = directory(root, "/etc")) {
      put(etc, "hostname", hostname + "\n");
      read(below, "/etc/hosts")
          .ifPresent(hosts -> put(etc, "hosts", renamed(hosts, before, hostname)));
      forgetMachine(root, etc, below);
    }
  }

  static String renamed(String hosts, String before, String hostname) {
    return hosts.replaceAll(
        "(?<![\\w.-])" + Pattern.quote(before) + "(?![\\w-])", Matcher.quoteReplacement(hostname));
  }

  private static Optional<String> read(List<Path> layers, String path) {
    for (Path layer : layers) {
      try (RootDirectory root = RootDirectory.open(layer.toString())) {
        Optional<byte[]> text = root.read(path, LONGEST);
        if (text.isPresent()) {
          return text.map(it -> new String(it, StandardCharsets.UTF_8));
        }
      } catch (SyscallException e) {
        return Optional.empty(); // it is hidden, or no plain file
      }
    }
    return Optional.empty();
  }

  /** Hides files of the layers below. */
  public static void hideAll(Path layer, String directory, List<String> names) {
    try (RootDirectory root = RootDirectory.open(layer.toString())) {
      names.forEach(name -> hide(root, directory, name));
    }
  }

  /** As everybody has them; what the layers below say of them is covered by that. */
  private static Fd directory(RootDirectory root, String path) {
    int end = path.lastIndexOf('/');
    if (end > 0) {
      directory(root, path.substring(0, end)).close();
    }
    Fd made = root.makeDirectories(path, DIRECTORY);
    Attributes.mode(made, DIRECTORY);
    return made;
  }

  private static void put(Fd directory, String name, String text) {
    try (Fd file =
        Open.at(directory, name, OpenHow.of(OpenFlags.WRITE | OpenFlags.TRUNCATE).creating(FILE))) {
      Attributes.mode(file, FILE);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      Content.write(file, bytes, 0, bytes.length);
    }
  }

  private static boolean hasRegular(List<Path> layers, String path) {
    for (Path layer : layers) {
      try (RootDirectory root = RootDirectory.open(layer.toString())) {
        Optional<Fd> found = root.find(path, OpenFlags.PATH | OpenFlags.NO_FOLLOW);
        if (found.isPresent()) {
          try (Fd file = found.get()) {
            return Attributes.status(file).type() == FileType.REGULAR;
          }
        }
      }
    }
    return false;
  }

  /** With a whiteout, as overlayfs has them. */
  private static void hide(RootDirectory root, String directory, String name) {
    try (Fd parent = directory(root, directory)) {
      Entries.makeNode(parent, name, FileType.CHARACTER_DEVICE, 0, new DeviceNumber(0, 0));
    }
  }
}
