package io.kapsel.linux.netlink;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A network namespace, held by a descriptor; see network_namespaces(7).
 *
 * <p>Which namespace a call meets is a property of its thread (setns(2)). Only one platform thread
 * of this process ever leaves the namespace that the process was started in, for as long as it
 * takes to open a socket; a thread that cannot come back ends.
 */
public final class NetworkNamespace implements AutoCloseable {
  private static final int NEW_NETWORK = 0x40000000;
  private static final int WAITING = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration SHORT_WHILE = Duration.ofNanos(50_000);

  private final String path;
  private final Fd fd;

  private NetworkNamespace(String path, Fd fd) {
    this.path = path;
    this.fd = fd;
  }

  /** That of a process. Fails with ENOENT when there is none. */
  public static NetworkNamespace of(int pid) {
    return open("/proc/" + pid + "/ns/net");
  }

  /**
   * That of a process which is about to make one of its own: waits until it is another than ours.
   * Fails with ETIMEDOUT.
   */
  public static NetworkNamespace madeBy(int pid) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    try (NetworkNamespace own = own()) {
      while (true) {
        NetworkNamespace found = of(pid);
        if (found.number() != own.number()) {
          return found;
        }
        found.close();
        if (System.nanoTime() > end) {
          throw new SyscallException("open the network of process", pid, Errno.ETIMEDOUT);
        }
        LockSupport.parkNanos(SHORT_WHILE.toNanos());
      }
    }
  }

  /** What tells it from others as long as it is open. */
  public long number() {
    return Attributes.status(fd).inode();
  }

  /** The one that this process was started in. */
  public static NetworkNamespace own() {
    return open("/proc/self/ns/net");
  }

  /** The one that a file stands for. */
  public static NetworkNamespace open(String path) {
    return new NetworkNamespace(path, Open.path(path, OpenFlags.READ));
  }

  /** A new one, which lives as long as something holds it. */
  public static NetworkNamespace create() {
    return Visitor.shared()
        .visit(() -> {
          Kernel.check(Kernel.call(Syscall.UNSHARE, NEW_NETWORK), Syscall.UNSHARE, "network");
          return open("/proc/thread-self/ns/net");
        });
  }

  /** The file by which it was found, for other programs. */
  public String path() {
    return path;
  }

  /** By which other programs find it as long as this is open. */
  public String heldPath() {
    return "/proc/" + ProcessHandle.current().pid() + "/fd/" + fd.number();
  }

  /** Its descriptor, which this goes on to own. */
  public Fd fd() {
    return fd;
  }

  /** Does {@code work} in it: something short that leaves a socket. */
  public <T> T in(Supplier<T> work) {
    return Visitor.shared()
        .visit(() -> {
          try (Fd.Lease lease = fd.lease()) {
            enter(lease.number());
          }
          return work.get();
        });
  }

  private static void enter(int number) {
    Kernel.check(Kernel.call(Syscall.SETNS, number, NEW_NETWORK), Syscall.SETNS, "network");
  }

  @Override
  public void close() {
    fd.close();
  }

  /** The thread that goes where others may not. */
  private static final class Visitor {
    private static @Nullable Visitor shared;

    /** Made when it is first needed; what cannot be made then, is tried again the next time. */
    static synchronized Visitor shared() {
      if (shared == null) {
        shared = new Visitor();
      }
      return shared;
    }

    private record Visit(Supplier<?> work, CompletableFuture<@Nullable Object> result) {}

    private final BlockingQueue<Visit> visits = new ArrayBlockingQueue<>(WAITING);
    private final Fd home = Open.path("/proc/self/ns/net", OpenFlags.READ);

    Visitor() {
      start();
    }

    private void start() {
      Thread.ofPlatform().daemon().name("network-namespaces").start(this::run);
    }

    private void run() {
      try {
        while (true) {
          Visit visit = visits.take();
          complete(visit);
          enter(home.number());
        }
      } catch (InterruptedException | SyscallException e) {
        start(); // this thread is somewhere else, and ends there
      }
    }

    private static void complete(Visit visit) {
      try {
        visit.result().complete(visit.work().get());
      } catch (RuntimeException | Error e) {
        visit.result().completeExceptionally(e);
      }
    }

    @SuppressWarnings("unchecked") // the result is what the work returned
    <T> T visit(Supplier<T> work) {
      Visit visit = new Visit(work, new CompletableFuture<>());
      try {
        visits.put(visit);
        return (T) visit.result().join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new java.util.concurrent.CancellationException("interrupted");
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException failure) {
          throw failure;
        }
        throw e;
      }
    }
  }
}
