package io.kapsel.engine.system;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.DatagramListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntSupplier;

/**
 * What a system container sees as {@code /run/host} while it runs, and the socket there on which
 * its init says how far it is; see sd_notify(3). The directory outlives an engine, so that the next
 * one can listen at the same place.
 */
public final class RunHost implements AutoCloseable {
  static final String BOOT_ID = "boot_id";
  static final String NOTIFY = "notify";
  private static final System.Logger LOG = System.getLogger(RunHost.class.getName());
  private static final int FOR_EVERYBODY = 0666;

  private final DatagramListener listener;
  private final IntSupplier init;
  private final CompletableFuture<Boolean> ready = new CompletableFuture<>();
  private volatile String status = "";
  private volatile boolean closed;

  private RunHost(DatagramListener listener, IntSupplier init) {
    this.listener = listener;
    this.init = init;
    Thread.ofVirtual().name("readiness").start(this::listen);
  }

  /**
   * Makes the directory for a start.
   *
   * @param init the pid of the init in the host's numbers, the only one that is believed; 0 as long
   *     as it is not known
   */
  public static RunHost begin(Path directory, String id, IntSupplier init) throws IOException {
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    write(directory, "container-manager", SystemProfile.MANAGER);
    write(directory, "container-uuid", SystemProfile.uuid(id));
    write(directory, BOOT_ID, UUID.randomUUID().toString());
    return resume(directory, init);
  }

  /** Listens again where an earlier engine did. */
  public static RunHost resume(Path directory, IntSupplier init) throws IOException {
    Path socket = directory.resolve(NOTIFY);
    Files.deleteIfExists(socket);
    return new RunHost(DatagramListener.bind(socket.toString(), FOR_EVERYBODY), init);
  }

  private static void write(Path directory, String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.writeString(file, text + "\n", StandardCharsets.UTF_8);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
  }

  private void listen() {
    try {
      while (true) {
        DatagramListener.Datagram next = listener.receive();
        if (next.sender().pid() == init.getAsInt()) {
          take(next.text().lines().toList());
        }
      }
    } catch (SyscallException e) {
      if (!closed) {
        LOG.log(System.Logger.Level.WARNING, "cannot hear whether a container is ready", e);
      }
    }
  }

  private void take(List<String> lines) {
    for (String line : lines) {
      if (line.startsWith("STATUS=")) {
        status = line.substring("STATUS=".length());
      } else if (line.equals("READY=1")) {
        ready.complete(true);
      }
    }
  }

  /** What the init said last of what it does. */
  public String status() {
    return status;
  }

  /** Waits until the init says that it is ready; false when it does not, or ends. */
  public boolean await(Duration limit) throws InterruptedException {
    try {
      return ready.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return false;
    } catch (java.util.concurrent.ExecutionException e) {
      throw new AssertionError("nobody fails it", e);
    }
  }

  /** The container has ended, or the engine leaves it alone. */
  @Override
  public void close() {
    closed = true;
    ready.complete(false);
    listener.close();
  }
}
