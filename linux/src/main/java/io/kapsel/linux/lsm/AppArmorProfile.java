package io.kapsel.linux.lsm;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Signal;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.process.WaitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The AppArmor profile of containers that ask for no other. It allows what Docker's does; what it
 * denies is mounting, and writing to the parts of /proc and /sys that are the host's.
 */
public final class AppArmorProfile {
  /** What it is called, and what a container's process has to name. */
  public static final String NAME = "kapsel-default";

  private static final Path LOADED = Path.of("/sys/kernel/security/apparmor/profiles");
  private static final Path ABI = Path.of("/etc/apparmor.d/abi/3.0");
  private static final List<Path> PARSERS =
      List.of(Path.of("/sbin/apparmor_parser"), Path.of("/usr/sbin/apparmor_parser"));
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int OWNER_ONLY = 0600;

  private static final String RULES =
      """
      profile kapsel-default flags=(attach_disconnected,mediate_deleted) {
        # Namespaces, capabilities and seccomp are the first line; this is the second, behind /proc and /sys.
        file,
        capability,
        network,
        umount,
        deny network alg,
        deny mount,

        signal (receive) peer=unconfined,
        signal (send, receive) peer=kapsel-default,
        ptrace (trace, read, tracedby, readby) peer=kapsel-default,

        # In /proc only what belongs to a process is written, and the limits of shared memory.
        deny /proc/* w,
        deny /proc/[^0-9s]*/** w,
        deny /proc/s[^y]*/** w,
        deny /proc/sy[^s]*/** w,
        deny /proc/sys?*/** w,
        deny /proc/sys/[^k]*/** w,
        deny /proc/sys/k[^e]*/** w,
        deny /proc/sys/kernel/[^s]** w,
        deny /proc/sys/kernel/s[^h]** w,
        deny /proc/sys/kernel/sh[^m]** w,
        deny /proc/sysrq-trigger rwklx,
        deny /proc/kcore rwklx,

        # In /sys only control groups are written, and what tells about the machine is not even read.
        deny /sys/[^f]*/** wklx,
        deny /sys/f[^s]*/** wklx,
        deny /sys/fs/[^c]*/** wklx,
        deny /sys/fs/c[^g]*/** wklx,
        deny /sys/fs/cg[^r]*/** wklx,
        deny /sys/firmware/** rwklx,
        deny /sys/devices/virtual/powercap/** rwklx,
        deny /sys/kernel/security/** rwklx,
      }
      """;

  private AppArmorProfile() {}

  /** The profile as apparmor_parser(8) reads it here. */
  public static String text() {
    return text(Files.exists(ABI));
  }

  /**
   * Newer rules would mediate more than is written here, so the features are pinned if possible.
   */
  static String text(boolean pinned) {
    return pinned ? "abi <abi/3.0>,\n\n" + RULES : RULES;
  }

  /**
   * Loads the profile into the kernel, in place of an older one. {@code runDirectory} keeps the
   * text and what the parser said.
   */
  public static void ensureLoaded(Path runDirectory) {
    Path parser =
        PARSERS.stream()
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() -> failure("apparmor_parser is not installed"));
    load(parser, runDirectory);
  }

  static void load(Path parser, Path runDirectory) {
    Path profile = runDirectory.resolve(NAME + ".apparmor");
    Path said = runDirectory.resolve(NAME + ".said");
    try {
      Files.writeString(profile, text());
      Optional<WaitStatus> status = parse(parser, profile, said);
      String words = Files.readString(said).strip();
      if (status.isEmpty()) {
        throw failure(parser + " takes too long");
      }
      if (status.get().raw() != 0) {
        throw failure(words.isEmpty() ? parser + " ended with " + status.get().code() : words);
      }
      Files.delete(said);
    } catch (IOException e) {
      throw new SecurityModuleException(
          "cannot write AppArmor profile '" + profile + "': " + e.getMessage(), e);
    }
  }

  private static Optional<WaitStatus> parse(Path parser, Path profile, Path said) {
    int flags = OpenFlags.WRITE | OpenFlags.CREATE | OpenFlags.TRUNCATE;
    List<String> arguments = List.of(parser.toString(), "-Kr", profile.toString());
    try (Fd output = Open.create(said.toString(), flags, OWNER_ONLY);
        Child child =
            Spawn.path(parser.toString()).arguments(arguments).descriptor(2, output).start()) {
      Optional<WaitStatus> status = child.await(PATIENCE);
      if (status.isEmpty()) {
        child.process().signal(Signal.KILL.number());
        child.await();
      }
      return status;
    }
  }

  /**
   * Fails unless the kernel can confine a process by that profile. Ours must be enforced; one that
   * an administrator wrote may be in complain mode, which is how profiles are written.
   */
  public static void require(String name) {
    if (Files.isReadable(LOADED)) {
      try {
        require(name, Files.readString(LOADED));
      } catch (IOException e) {
        throw new SecurityModuleException("cannot read '" + LOADED + "': " + e.getMessage(), e);
      }
    }
  }

  /** {@code loaded} has a line for each profile, its mode in parentheses. */
  static void require(String name, String loaded) {
    String mode =
        loaded
            .lines()
            .filter(line -> line.startsWith(name + " ("))
            .map(line -> line.substring(name.length() + 2, line.length() - 1))
            .findFirst()
            .orElseThrow(() -> unusable(name, "it is not loaded"));
    if (name.equals(NAME) && !mode.equals("enforce")) {
      throw unusable(name, "it is in " + mode + " mode, not enforced; restart the engine");
    }
  }

  private static SecurityModuleException unusable(String name, String reason) {
    return new SecurityModuleException("cannot use AppArmor profile '" + name + "': " + reason);
  }

  private static SecurityModuleException failure(String reason) {
    return new SecurityModuleException("cannot load AppArmor profile '" + NAME + "': " + reason);
  }
}
