package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Credentials;
import io.kapsel.linux.socket.UnixDatagrams;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Process;
import io.kapsel.oci.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The socket at which a service manager waits to be told that a service is ready; see sd_notify(3).
 * The program in the container has one of its own instead, and what it says there of being ready is
 * passed on, with its pid as the host knows it: the manager's own socket would let it say anything,
 * in the caller's name.
 *
 * @param manager the manager's socket
 * @param directory where the container's is, which it sees as {@code /run/notify}
 */
record Notify(String manager, Path directory, int sender) {
  private static final String INSIDE = "/run/notify";
  private static final String NAME = "notify.sock";
  private static final String VARIABLE = "NOTIFY_SOCKET";
  private static final String READY = "READY=";
  private static final int FOR_ALL = 0777;
  private static final int LONGEST = 4096;
  private static final Duration PAUSE = Duration.ofMillis(20);

  static Optional<Notify> of(Call call, Container container) {
    return call.caller()
        .variable(VARIABLE)
        .filter(path -> path.startsWith("/") || path.startsWith("@"))
        .map(path ->
            new Notify(
                path.startsWith("/") ? call.places().of(path).toString() : path,
                container.directory().resolve("notify"),
                call.caller().pid()));
  }

  /** Makes the directory, and the configuration that shows it in the container. */
  Spec shown(Spec spec) {
    try {
      Files.createDirectory(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new OciException("mkdir " + directory + ": " + AtomicFile.reason(e), e);
    }
    List<Mount> mounts = new ArrayList<>(spec.mounts());
    mounts.add(
        Mount.of(INSIDE, "bind", directory.toString(), "bind", "nosuid", "noexec", "nodev", "ro"));
    Process process = spec.process().orElseThrow();
    List<String> env = new ArrayList<>(process.env());
    env.removeIf(each -> each.startsWith(VARIABLE + "="));
    env.add(VARIABLE + "=" + INSIDE + "/" + NAME);
    return new Spec(
        spec.ociVersion(),
        Optional.of(process.withEnv(env)),
        spec.root(),
        spec.hostname(),
        spec.domainname(),
        mounts,
        spec.hooks(),
        spec.annotations(),
        spec.linux());
  }

  /** The container's socket, which the program may write to from its start on. */
  UnixDatagrams bind() {
    try {
      Files.deleteIfExists(directory.resolve(NAME));
      UnixDatagrams socket = UnixDatagrams.bind(directory.resolve(NAME).toString(), FOR_ALL);
      Files.setPosixFilePermissions(
          directory.resolve(NAME), PosixFilePermissions.fromString("rwxrwxrwx"));
      return socket;
    } catch (IOException e) {
      throw new OciException("bind " + directory.resolve(NAME) + ": " + AtomicFile.reason(e), e);
    }
  }

  /**
   * Waits until the program says that it is ready, or has ended, and passes that on; in the
   * background where the program's own streams are waited for.
   */
  void await(Call call, Container container, UnixDatagrams socket, boolean background) {
    if (background) {
      Thread.ofVirtual().name("notify").start(() -> untilReady(call, container, socket));
    } else {
      call.caller().waiting(() -> untilReady(call, container, socket));
    }
  }

  private boolean untilReady(Call call, Container container, UnixDatagrams socket) {
    try (socket) {
      while (!Thread.interrupted()) {
        boolean running = container.alive();
        Optional<byte[]> message = socket.poll(LONGEST);
        Optional<String> ready = message.flatMap(Notify::ready);
        if (ready.isPresent()) {
          passOn(call.log(), ready.get(), container.kept().pid());
          return true;
        }
        if (message.isEmpty() && !running) {
          return false;
        }
        if (message.isEmpty()) {
          LockSupport.parkNanos(PAUSE.toNanos());
        }
      }
      return false;
    }
  }

  private static Optional<String> ready(byte[] message) {
    return new String(message, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith(READY))
        .findFirst();
  }

  private void passOn(Log log, String ready, int pid) {
    Credentials from = new Credentials(sender, 0, 0);
    try {
      for (String text : List.of(ready, "MAINPID=" + pid)) {
        UnixDatagrams.send(manager, (text + "\n").getBytes(StandardCharsets.UTF_8), from);
      }
    } catch (SyscallException e) {
      log.warn("cannot notify '" + manager + "': " + e.getMessage());
    }
  }
}
