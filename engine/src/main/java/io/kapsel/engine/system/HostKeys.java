package io.kapsel.engine.system;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.RootDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The keys by which others know the SSH server of a system. A copy gets new ones of the same kinds
 * before it is started for the first time: that of RSA takes a while to find.
 */
public final class HostKeys {
  /** Where they are. */
  public static final String DIRECTORY = "/etc/ssh";

  private static final String LIST = "host-keys";
  private static final Pattern NAME = Pattern.compile("ssh_host_(ed25519|ecdsa|rsa)_key(\\.pub)?");
  private static final int PRIVATE = 0600;
  private static final int PUBLIC = 0644;
  private static final int DIRECTORY_MODE = 0755;

  private HostKeys() {}

  /** Whether a file of that name is one of them, or the public half of one. */
  public static boolean isKey(String name) {
    return NAME.matcher(name).matches();
  }

  /** Notes which to make; {@code state} is the directory of a container. */
  public static void later(Path state, List<String> names) {
    AtomicFile.write(
        state.resolve(LIST),
        String.join("\n", names).getBytes(StandardCharsets.UTF_8),
        AtomicFile.Durability.SURVIVES_CRASH);
  }

  /** Those that were noted and are not made yet. */
  public static List<String> noted(Path state) throws IOException {
    Path list = state.resolve(LIST);
    return Files.exists(list) ? Files.readAllLines(list) : List.of();
  }

  /** Makes those that were noted, in the directory {@code upper}, before anything of it runs. */
  public static void make(Path state, Path upper, String comment) throws IOException {
    Path list = state.resolve(LIST);
    if (!Files.exists(list)) {
      return;
    }
    try (RootDirectory root = RootDirectory.open(upper.toString());
        Fd directory = root.makeDirectories(DIRECTORY, DIRECTORY_MODE)) {
      for (String name : Files.readAllLines(list)) {
        Matcher matcher = NAME.matcher(name);
        if (matcher.matches() && matcher.group(2) == null) {
          OpenSshKey key = OpenSshKey.generate(matcher.group(1), comment);
          put(directory, name, key.privateText(), PRIVATE);
          put(directory, name + ".pub", key.publicText(), PUBLIC);
        }
      }
    }
    Files.delete(list);
  }

  private static void put(Fd directory, String name, String text, int mode) {
    Entries.unlink(directory, name);
    OpenHow how =
        OpenHow.of(OpenFlags.WRITE | OpenFlags.CREATE | OpenFlags.EXCLUSIVE | OpenFlags.NO_FOLLOW);
    try (Fd file = Open.at(directory, name, how.creating(mode))) {
      Attributes.mode(file, mode);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      Content.write(file, bytes, 0, bytes.length);
    }
  }
}
