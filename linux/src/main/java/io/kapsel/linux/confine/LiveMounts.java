package io.kapsel.linux.confine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.RootDirectory;
import io.kapsel.linux.mount.Mounts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Changes what a running process has mounted, by a thread that enters its mounts and ends there.
 *
 * <p>No link is followed on the way to a place: whoever is root inside could have made one since
 * the process began, to have something shown or uncovered elsewhere.
 */
public final class LiveMounts {
  private static final int DETACH = 2;
  private static final int NO_FOLLOW = 8;
  private static final OpenHow WITHOUT_LINKS =
      OpenHow.of(OpenFlags.PATH)
          .resolving(OpenHow.IN_ROOT | OpenHow.NO_LINKS | OpenHow.NO_MAGIC_LINKS);

  private LiveMounts() {}

  /** A change of one place. */
  public sealed interface Change {
    /** Attaches a detached mount, which stays the caller's; the place is made if it is missing. */
    record Add(Fd mount, String target) implements Change {}

    /** Takes the uppermost mount at a place away. */
    record Remove(String target) implements Change {}
  }

  /**
   * Makes these changes in order.
   *
   * @param namespace the mount namespace of the process
   * @param owner whose the places are that have to be made
   * @return how many were made; when it is fewer than there are, {@code failure} says why
   */
  public static Outcome change(Fd namespace, int owner, List<Change> changes) {
    FutureTask<Outcome> task = new FutureTask<>(() -> within(namespace, owner, changes));
    Thread thread = Thread.ofPlatform().name("live-mounts").start(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          Outcome outcome = task.get();
          thread.join();
          return outcome;
        } catch (InterruptedException _) {
          interrupted = true; // a change is not left halfway
        }
      }
    } catch (ExecutionException e) {
      throw new AssertionError("changing mounts has failed in an unknown way", e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * What came of it.
   *
   * @param done how many changes were made
   */
  public record Outcome(int done, List<SyscallException> failure) {
    /** Copies the list. */
    public Outcome {
      failure = List.copyOf(failure);
    }
  }

  private static Outcome within(Fd namespace, int owner, List<Change> changes) {
    List<Change> done = new ArrayList<>();
    try {
      OwnThread.unshareDirectories();
      OwnThread.enterMounts(namespace);
      OwnThread.makeAs(owner);
      OwnThread.clearUmask();
      try (RootDirectory root = RootDirectory.open("/")) {
        for (Change each : changes) {
          make(root, each);
          done.add(each);
        }
      }
      return new Outcome(done.size(), List.of());
    } catch (SyscallException e) {
      return new Outcome(done.size(), List.of(e));
    }
  }

  private static void make(RootDirectory root, Change change) {
    switch (change) {
      case Change.Add(Fd mount, String target) -> {
        try (Fd place = place(root, target, Attributes.status(mount).type())) {
          Mounts.move(mount, place);
        }
      }
      case Change.Remove(String target) -> {
        int slash = target.lastIndexOf('/');
        String above = slash == 0 ? "/" : target.substring(0, slash);
        try (Fd parent = Open.at(root.fd(), above, WITHOUT_LINKS);
            Scratch scratch = Scratch.take()) {
          Kernel.check(Kernel.call(Syscall.FCHDIR, parent.number()), Syscall.FCHDIR, above);
          long name = scratch.text(target.substring(slash + 1));
          long result = scratch.call(Syscall.UMOUNT2, name, DETACH | NO_FOLLOW);
          Kernel.check(result, Syscall.UMOUNT2, target);
        }
      }
    }
  }

  private static Fd place(RootDirectory root, String target, FileType type) {
    try {
      return Open.at(root.fd(), target, WITHOUT_LINKS);
    } catch (SyscallException e) {
      if (!e.isMissing()) {
        throw e;
      }
    }
    boolean directory = type == FileType.DIRECTORY;
    int slash = target.lastIndexOf('/');
    String made = directory ? target : target.substring(0, slash + 1);
    try (Fd parent = root.makeDirectories(made, 0755)) {
      if (!directory) {
        String name = target.substring(slash + 1);
        Entries.makeNode(parent, name, FileType.REGULAR, 0644, new DeviceNumber(0, 0));
      }
    }
    return Open.at(root.fd(), target, WITHOUT_LINKS);
  }
}
