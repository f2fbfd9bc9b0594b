package io.kapsel.linux.confine;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.Mounts;
import io.kapsel.linux.seccomp.SeccompAction;
import io.kapsel.linux.seccomp.SeccompCompiler;
import io.kapsel.linux.seccomp.SeccompProfile;
import io.kapsel.linux.seccomp.SeccompRule;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Work that is done on a thread of its own, which can change one directory, read some others, and
 * reach nothing else of the machine, whatever the work gets wrong about names.
 *
 * <p>The thread has its own mount namespace, whose only mount is that directory and whose root is
 * there, and no umask; the descriptors that the work gets are of mounts without anything around
 * them, so that {@code ..} leads nowhere either. Landlock holds the same once more, where the
 * kernel has it. A filter refuses sockets, mounts, namespaces, handles, programs and new threads;
 * capabilities are those to own files and to set attributes. All of this is kept per thread by the
 * kernel and ends with it.
 *
 * <p>It is a border for names, not for code: the thread shares the memory of its process. Nothing
 * on it may wake up a virtual thread or start another one, for a thread that is made here would be
 * confined too (the filter lets that fail). So the work talks to the outside by platform threads
 * only, and classes that it needs have been loaded before.
 */
public final class Confinement<T> {
  private static final CapabilitySet KEPT =
      CapabilitySet.of(
          Capability.CHOWN,
          Capability.DAC_OVERRIDE,
          Capability.FOWNER,
          Capability.FSETID,
          Capability.SETFCAP,
          Capability.SYS_ADMIN); // for attributes of overlayfs; mounting is filtered

  private static final CapabilitySet OF_VIEWS =
      CapabilitySet.of(
          Capability.CHOWN,
          Capability.DAC_OVERRIDE,
          Capability.FOWNER,
          Capability.FSETID,
          Capability.SETFCAP);

  private static final List<String> REFUSED =
      List.of(
          "socket",
          "socketpair",
          "connect",
          "bind",
          "listen",
          "accept",
          "accept4",
          "sendto",
          "sendmsg",
          "sendmmsg",
          "mount",
          "umount2",
          "move_mount",
          "open_tree",
          "open_tree_attr",
          "fsopen",
          "fsmount",
          "fspick",
          "fsconfig",
          "mount_setattr",
          "pivot_root",
          "chroot",
          "unshare",
          "setns",
          "clone",
          "clone3",
          "fork",
          "vfork",
          "execve",
          "execveat",
          "ptrace",
          "process_vm_readv",
          "process_vm_writev",
          "pidfd_getfd",
          "open_by_handle_at",
          "bpf",
          "perf_event_open",
          "init_module",
          "finit_module",
          "delete_module",
          "kexec_load",
          "kexec_file_load",
          "reboot",
          "swapon",
          "swapoff",
          "add_key",
          "request_key",
          "keyctl",
          "io_uring_setup",
          "io_uring_enter",
          "io_uring_register",
          "userfaultfd",
          "fanotify_init",
          "quotactl",
          "quotactl_fd",
          "acct",
          "syslog",
          "sethostname",
          "setdomainname",
          "settimeofday",
          "clock_settime",
          "kill",
          "pidfd_send_signal");

  private static final byte[] FILTER =
      SeccompCompiler.compile(
          new SeccompProfile(
              SeccompAction.ALLOW,
              List.of(),
              Set.of(),
              List.of(SeccompRule.of(SeccompAction.errno(Errno.EPERM), REFUSED))),
          Abi.host());

  static final long HARMLESS =
      MountAttributes.NO_SUID | MountAttributes.NO_DEVICES | MountAttributes.NO_EXECUTION;

  /** What is done inside. */
  @FunctionalInterface
  public interface Work<T> {
    /**
     * Does it.
     *
     * @param root the directory to write to; also {@code /}
     * @param below those that may be read, in the order in which they were given
     */
    T in(Fd root, List<Fd> below) throws IOException;

    /** Is called when the thread ends, also one that could not be confined and has done nothing. */
    default void ended() {}
  }

  private final Optional<Fd> directory;
  private final Optional<RootView> view;
  private final List<Fd> readable;
  private final Work<T> work;
  private final Thread thread;
  private volatile @Nullable T result;
  private volatile @Nullable Throwable failure;

  private Confinement(
      Optional<Fd> directory, Optional<RootView> view, List<Fd> readable, Work<T> work) {
    this.directory = directory;
    this.view = view;
    this.readable = List.copyOf(readable);
    this.work = work;
    this.thread = Thread.ofPlatform().daemon().name("kapsel-confined").unstarted(this::run);
  }

  /** Begins to do it. The descriptors stay the caller's, and open until {@link #await}. */
  public static <T> Confinement<T> start(Fd directory, List<Fd> readable, Work<T> work) {
    return new Confinement<>(Optional.of(directory), Optional.empty(), readable, work).started();
  }

  /**
   * The same for work that has for its root what a container has, mounts and all. The view stays
   * the caller's, and open until {@link #await}.
   */
  public static <T> Confinement<T> start(RootView view, Work<T> work) {
    return new Confinement<>(Optional.empty(), Optional.of(view), List.of(), work).started();
  }

  /** The same for work that only reads: its root is empty, and stays so. */
  public static <T> Confinement<T> start(List<Fd> readable, Work<T> work) {
    return new Confinement<>(Optional.empty(), Optional.empty(), readable, work).started();
  }

  private Confinement<T> started() {
    Loaded.classes();
    thread.start();
    return this;
  }

  /** What came of it, once the thread is gone: also when the caller is interrupted. */
  public T await() throws IOException {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
        thread.interrupt();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
    Throwable thrown = failure;
    if (thrown instanceof IOException e) {
      throw e;
    }
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
    T done = result;
    if (done == null) {
      throw new IOException("the work inside came to nothing");
    }
    return done;
  }

  private void run() {
    try {
      result = view.isPresent() ? inside(view.get()) : inside();
    } catch (Throwable e) { // handed to whoever waits
      failure = e;
    } finally {
      work.ended();
    }
  }

  private T inside(RootView entered) throws IOException {
    Fd root;
    try {
      root = Entrance.of(entered);
      try {
        OwnThread.makeAs(entered.owner());
        restrict(root, true, List.of(), OF_VIEWS);
      } catch (SyscallException e) {
        root.close();
        throw e;
      }
    } catch (SyscallException e) {
      throw refused(e);
    }
    try (root) {
      return work.in(root, List.of());
    }
  }

  private T inside() throws IOException {
    try (Fd root = directory.isPresent() ? mount(directory.get(), HARMLESS) : empty()) {
      List<Fd> below = new ArrayList<>();
      try {
        for (Fd each : readable) {
          below.add(mount(each, HARMLESS | MountAttributes.READ_ONLY));
        }
        return confine(root, below);
      } finally {
        below.forEach(Fd::close);
      }
    }
  }

  private static Fd empty() throws IOException {
    try (FilesystemContext context = FilesystemContext.open("tmpfs")) {
      return context.option("size", "4k").mount(HARMLESS | MountAttributes.READ_ONLY);
    } catch (SyscallException e) {
      throw refused(e);
    }
  }

  /** A mount of that directory alone, with nothing above it; a shared one could not be a root. */
  private static Fd mount(Fd directory, long attributes) throws IOException {
    try {
      Fd mount = Mounts.openTree(directory, "", Mounts.CLONE | Mounts.EMPTY_PATH);
      Mounts.setAttributes(mount, 0, MountAttributes.privately(attributes));
      return mount;
    } catch (SyscallException e) {
      throw refused(e);
    }
  }

  private T confine(Fd mount, List<Fd> below) throws IOException {
    try {
      OwnThread.unshareMounts();
      OwnThread.clearUmask();
      privately();
      OwnThread.pivotInto(mount);
      restrict(mount, directory.isPresent(), below, KEPT);
    } catch (SyscallException e) {
      throw refused(e);
    }
    try (Fd root = Open.at(mount, ".", OpenHow.of(OpenFlags.DIRECTORY))) {
      return work.in(root, below);
    }
  }

  private static void restrict(Fd root, boolean writable, List<Fd> below, CapabilitySet kept) {
    if (Landlock.usable()) {
      try (Landlock rules = Landlock.begin()) {
        if (writable) {
          rules.writable(root);
        } else {
          rules.readable(root);
        }
        below.forEach(rules::readable);
        rules.enforce();
      }
    }
    OwnThread.filter(FILTER); // takes CAP_SYS_ADMIN, which may not be kept
    OwnThread.keepOnly(kept);
  }

  /** Else what is unmounted here would be unmounted where it came from. */
  static void privately() {
    try (Fd root = Open.path("/", OpenFlags.PATH | OpenFlags.DIRECTORY)) {
      Mounts.setAttributes(
          root, Mounts.RECURSIVE, MountAttributes.propagating(MountAttributes.PRIVATE));
    }
  }

  private static IOException refused(SyscallException e) {
    return new IOException(
        "the thread for it cannot be confined: "
            + e.getMessage()
            + "; the engine must be root, outside of a container that forbids mounts",
        e);
  }
}
