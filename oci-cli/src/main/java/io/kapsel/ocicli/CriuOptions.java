package io.kapsel.ocicli;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.runtime.CriuProgram;
import io.kapsel.runtime.criu.CriuException;
import io.kapsel.runtime.criu.CriuField;
import io.kapsel.runtime.criu.CriuMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What {@code checkpoint} and {@code restore} have in common: options, and places for files. */
final class CriuOptions implements AutoCloseable {
  static final List<Option> COMMON =
      List.of(
          Option.of("image-path", "DIR", "where the images are (checkpoint)"),
          Option.of("work-path", "DIR", "where CRIU's log is (the container's state)"),
          Option.toggle("tcp-established", "with open TCP connections"),
          Option.toggle("tcp-skip-in-flight", "without connections that are being made"),
          Option.toggle("tcp-close", "close TCP connections when it is brought back"),
          Option.toggle("ext-unix-sk", "with Unix sockets to others"),
          Option.toggle("shell-job", "with the terminal of the caller"),
          Option.toggle("file-locks", "with file locks"),
          Option.toggle("link-remap", "with files that have been unlinked"),
          Option.toggle("lazy-pages", "memory is brought when it is used"),
          Option.toggle("auto-dedup", "memory is deleted from images that are older"),
          Option.of("manage-cgroups-mode", "MODE", "soft (usual), full, strict or ignore"),
          Option.of("empty-ns", "KIND", "a namespace without its contents: network"),
          Option.of("network-lock", "METHOD", "iptables, nftables or skip, as crun has it"),
          Option.of("config-file", "FILE", "one more configuration of CRIU's"));

  private static final Map<String, Integer> MODES =
      Map.of("ignore", 0, "soft", 3, "full", 4, "strict", 5);
  private static final Map<String, Integer> LOCKS = Map.of("iptables", 1, "nftables", 2, "skip", 3);
  private static final int NEW_NETWORK = 0x40000000;
  private static final int VERBOSE = 4;
  private static final String ANNOTATION = "org.criu.config";
  private static final Path USUAL = Path.of("/etc/criu/runc.conf");

  private final Call call;
  private final CriuProgram program;
  private final Path images;
  private final Path work;
  private final String log;
  private final List<Fd> open = new ArrayList<>();

  /**
   * The options of a call.
   *
   * @param usualWork for the log unless the caller names a directory
   * @param log the name of the log
   */
  CriuOptions(Call call, Path usualWork, String log) {
    this.call = call;
    try {
      this.program = CriuProgram.find(call.caller().variable("PATH").orElse(""));
    } catch (CriuException e) {
      throw new OciException("cannot " + log.replace(".log", "") + ": " + e.getMessage(), e);
    }
    this.images = call.places().of(call.words().text("image-path").orElse("checkpoint"));
    this.work = call.words().text("work-path").map(call.places()::of).orElse(usualWork);
    this.log = log;
  }

  CriuProgram program() {
    return program;
  }

  Path images() {
    return images;
  }

  /** Makes the directories that are missing. */
  void makeDirectories(boolean forImages) {
    try {
      if (forImages) {
        directory(images);
      }
      directory(work);
    } catch (IOException e) {
      throw new OciException("cannot make a directory: " + e.getMessage(), e);
    }
  }

  private static void directory(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Files.createDirectories(path);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
    }
  }

  /** All that the words ask for, with mounts that are the host's. */
  CriuMessage message(Map<String, String> external, Map<String, String> annotations) {
    Words words = call.words();
    CriuMessage message =
        new CriuMessage()
            .number(CriuField.LOG_LEVEL, VERBOSE)
            .text(CriuField.LOG_FILE, log)
            .flag(CriuField.CONNECTIONS, words.is("tcp-established"))
            .flag(CriuField.NOT_IN_FLIGHT, words.is("tcp-skip-in-flight"))
            .flag(CriuField.CLOSE, words.is("tcp-close"))
            .flag(CriuField.EXTERNAL_SOCKETS, words.is("ext-unix-sk"))
            .flag(CriuField.SHELL_JOB, words.is("shell-job"))
            .flag(CriuField.FILE_LOCKS, words.is("file-locks"))
            .flag(CriuField.REMAP, words.is("link-remap"))
            .flag(CriuField.LAZY, words.is("lazy-pages"))
            .flag(CriuField.DEDUPLICATE, words.is("auto-dedup"))
            .flag(CriuField.ORPHANS, true)
            .flag(CriuField.CGROUPS, true)
            .number(CriuField.CGROUP_MODE, mode(words));
    emptyNamespaces(message);
    words
        .text("network-lock")
        .ifPresent(name -> message.number(CriuField.LOCK, chosen(LOCKS, "network-lock", name)));
    configuration(annotations).ifPresent(file -> message.text(CriuField.CONFIGURATION, file));
    external.forEach((place, source) ->
        message.message(
            CriuField.EXTERNAL_MOUNT, new CriuMessage().text(1, place).text(2, source)));
    return message;
  }

  /** Adds the directories, as this process sees them. */
  void directories(CriuMessage message) {
    directories(message, images, work);
  }

  /** Adds the directories as a process sees them that has the caller's root. */
  void directories(CriuMessage message, int pid) {
    Places places = call.places();
    directories(message, places.seenBy(pid, images), places.seenBy(pid, work));
  }

  private void directories(CriuMessage message, Path images, Path work) {
    message.number(CriuField.IMAGES, directoryOf(images)).number(CriuField.WORK, directoryOf(work));
  }

  private static int mode(Words words) {
    return chosen(MODES, "manage-cgroups-mode", words.text("manage-cgroups-mode").orElse("soft"));
  }

  private static int chosen(Map<String, Integer> all, String option, String name) {
    Integer number = all.get(name);
    if (number == null) {
      throw new OciException("Invalid value '" + name + "' for --" + option);
    }
    return number;
  }

  private void emptyNamespaces(CriuMessage message) {
    for (String kind : call.words().all("empty-ns")) {
      if (!kind.equals("network")) {
        throw new OciException("namespace type " + kind + " is not supported by --empty-ns");
      }
      message.number(CriuField.EMPTY, NEW_NETWORK);
    }
  }

  private Optional<String> configuration(Map<String, String> annotations) {
    Optional<String> named =
        call.words()
            .text("config-file")
            .or(() -> Optional.ofNullable(annotations.get(ANNOTATION)))
            .filter(name -> !name.isEmpty());
    if (named.isPresent()) {
      return named.map(name -> call.places().absolute(name).toString());
    }
    return Files.exists(USUAL) ? Optional.of(USUAL.toString()) : Optional.empty();
  }

  /** The number of a directory in this process, for as long as this is not closed. */
  private int directoryOf(Path path) {
    try {
      return keep(Open.path(path.toString(), OpenFlags.READ | OpenFlags.DIRECTORY));
    } catch (SyscallException e) {
      throw new OciException("open " + path + ": " + e.getMessage(), e);
    }
  }

  int keep(Fd fd) {
    open.add(fd);
    return fd.number();
  }

  /** What failed, where the log is, and why it can work nowhere on this kernel if that is so. */
  OciException failed(CriuException failure) {
    return new OciException(program.explain(failure, work.resolve(log)), failure);
  }

  @Override
  public void close() {
    open.forEach(Fd::close);
  }
}
