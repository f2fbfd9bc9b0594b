package io.kapsel.linux.process;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.LibraryFunction;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Starts a program in a child process; see posix_spawn(3), which shares the memory until the
 * program is executed. A fork would copy the page tables of the whole JVM.
 *
 * <p>The child is born clean: it has the descriptors named here and no other (0, 1 and 2 are {@code
 * /dev/null} unless named), this environment, default signal actions and no blocked signal.
 */
public final class Spawn {
  static final int OPAQUE = 512; // posix_spawnattr_t has 336, the file actions have 80
  private static final int SET_SIGNAL_DEFAULTS = 4;
  private static final int SET_SIGNAL_MASK = 8;
  private static final int SET_SESSION = 0x80;
  static final int SIGNAL_SET = 128;
  private static final int STANDARD = 3;
  private static final int NULL_FLAGS = 2 | 0x80000; // O_RDWR, O_CLOEXEC

  private final String path;
  private final Fd program;
  private final TreeMap<Integer, Fd> descriptors = new TreeMap<>();
  private List<String> arguments = List.of();
  private List<String> environment = List.of();
  private boolean session;

  private Spawn(String path, Fd program) {
    this.path = path;
    this.program = program;
  }

  /** Will run the program at that path. */
  public static Spawn path(String path) {
    return new Spawn(path, Fd.CWD);
  }

  /** Will run the program that is open there, such as one of {@code Memfd.executable}. */
  public static Spawn program(Fd program) {
    return new Spawn("", program);
  }

  /** All arguments, the name of the program first. */
  public Spawn arguments(List<String> all) {
    arguments = List.copyOf(all);
    return this;
  }

  /** The whole environment, each as {@code NAME=value}; empty unless given. */
  public Spawn environment(List<String> all) {
    environment = List.copyOf(all);
    return this;
  }

  /** Gives the child a copy of a descriptor under that number. */
  public Spawn descriptor(int number, Fd fd) {
    descriptors.put(number, fd);
    return this;
  }

  /** Lets the child lead a session of its own, without a terminal; see setsid(2). */
  public Spawn session() {
    session = true;
    return this;
  }

  /** Starts it; returns when the program is executed, and fails when that fails. */
  public Child start() {
    ChildSignal.receive();
    try (Copies copies = Copies.of(descriptors);
        Fd.Lease lease = program.lease();
        Scratch scratch = Scratch.take()) {
      String file = program == Fd.CWD ? path : OwnProcess.PATH + "/fd/" + lease.number();
      int pid = spawn(scratch, file, copies);
      return new Child(Pidfd.open(pid));
    }
  }

  private int spawn(Scratch scratch, String file, Copies copies) {
    MemorySegment pid = scratch.allocate(8);
    long attributes = scratch.allocate(OPAQUE).address();
    long actions = scratch.allocate(OPAQUE).address();
    check(scratch.library(LibraryFunction.SPAWNATTR_INIT, attributes));
    check(scratch.library(LibraryFunction.ACTIONS_INIT, actions));
    try {
      describe(scratch, attributes);
      copies.addTo(scratch, actions);
      check(
          scratch.library(
              LibraryFunction.POSIX_SPAWN,
              pid.address(),
              scratch.text(file),
              actions,
              attributes,
              scratch.texts(arguments),
              scratch.texts(environment)));
    } finally {
      scratch.library(LibraryFunction.ACTIONS_DESTROY, actions);
      scratch.library(LibraryFunction.SPAWNATTR_DESTROY, attributes);
    }
    return pid.get(ValueLayout.JAVA_INT, 0);
  }

  private void describe(Scratch scratch, long attributes) {
    int flags = SET_SIGNAL_DEFAULTS | SET_SIGNAL_MASK | (session ? SET_SESSION : 0);
    long all = scratch.allocate(SIGNAL_SET).fill((byte) -1).address();
    long none = scratch.allocate(SIGNAL_SET).address();
    check(scratch.library(LibraryFunction.SPAWNATTR_SETSIGDEFAULT, attributes, all));
    check(scratch.library(LibraryFunction.SPAWNATTR_SETSIGMASK, attributes, none));
    check(scratch.library(LibraryFunction.SPAWNATTR_SETFLAGS, attributes, flags));
  }

  private void check(int error) {
    if (error != 0) {
      String name = arguments.isEmpty() ? path : arguments.getFirst();
      throw new SyscallException("posix_spawn", name, new Errno(error));
    }
  }

  /**
   * The descriptors to give, moved above every number they are to get. The child copies them down
   * one by one, and a copy must not overwrite what a later one still needs.
   */
  private record Copies(Map<Integer, Fd> sources, int end) implements AutoCloseable {
    static Copies of(TreeMap<Integer, Fd> wanted) {
      int end = Math.max(STANDARD, wanted.isEmpty() ? 0 : wanted.lastKey() + 1);
      TreeMap<Integer, Fd> sources = new TreeMap<>();
      Copies copies = new Copies(sources, end);
      try {
        wanted.forEach((number, fd) -> sources.put(number, fd.duplicate(end)));
        for (int number = 0; number < STANDARD; number++) {
          if (!sources.containsKey(number)) {
            sources.put(number, openNull(end));
          }
        }
        return copies;
      } catch (RuntimeException | Error e) {
        copies.close();
        throw e;
      }
    }

    void addTo(Scratch scratch, long actions) {
      List<Integer> results = new ArrayList<>();
      for (int number = 0; number < end; number++) {
        Fd source = sources.get(number);
        results.add(
            source == null
                ? scratch.library(LibraryFunction.ACTIONS_ADDCLOSE, actions, number)
                : scratch.library(
                    LibraryFunction.ACTIONS_ADDDUP2, actions, source.number(), number));
      }
      if (LibraryFunction.ACTIONS_ADDCLOSEFROM.available()) {
        results.add(scratch.library(LibraryFunction.ACTIONS_ADDCLOSEFROM, actions, end));
      }
      for (int error : results) {
        if (error != 0) {
          throw new SyscallException("posix_spawn", "file actions", new Errno(error));
        }
      }
    }

    @Override
    public void close() {
      sources.values().forEach(Fd::close);
    }

    private static Fd openNull(int least) {
      try (Scratch scratch = Scratch.take()) {
        long number = scratch.call(Syscall.OPENAT, -100, scratch.text("/dev/null"), NULL_FLAGS);
        try (Fd fd = Fd.adopt((int) Kernel.check(number, Syscall.OPENAT, "/dev/null"))) {
          return fd.duplicate(least);
        }
      }
    }
  }
}
