package io.kapsel.linux.mount;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A file system that is being configured; see fsopen(2), fsconfig(2), fsmount(2), since 5.2. */
public final class FilesystemContext implements AutoCloseable {
  private static final int CLOSE_ON_EXEC = 1;
  private static final int FLAG = 0;
  private static final int STRING = 1;
  private static final int DESCRIPTOR = 5;
  private static final int CREATE = 6;
  private static final int LONGEST_LINE = 4096;
  private static final int MOST_LINES = 64;

  private final String type;
  private final Fd fd;

  private FilesystemContext(String type, Fd fd) {
    this.type = type;
    this.fd = fd;
  }

  /** Begins one of that type. Fails with ENODEV when the kernel does not know it. */
  public static FilesystemContext open(String type) {
    try (Scratch scratch = Scratch.take()) {
      long fd = scratch.call(Syscall.FSOPEN, scratch.text(type), CLOSE_ON_EXEC);
      return new FilesystemContext(type, Fd.adopt((int) Kernel.check(fd, Syscall.FSOPEN, type)));
    }
  }

  /** Sets an option without a value. */
  public FilesystemContext flag(String name) {
    configure(FLAG, name, 0, 0, name);
    return this;
  }

  /** Sets an option to a text. */
  public FilesystemContext option(String name, String value) {
    try (Scratch scratch = Scratch.take()) {
      configure(STRING, name, scratch.text(value), 0, name + "=" + value);
    }
    return this;
  }

  /** Sets an option to an open file. */
  public FilesystemContext option(String name, Fd value) {
    try (Fd.Lease lease = value.lease()) {
      configure(DESCRIPTOR, name, 0, lease.number(), name + "=" + value);
    }
    return this;
  }

  /** Whether an option is taken; the errno when it is not. For probing. */
  public OptionalInt refusal(String name, Fd value) {
    try (Fd.Lease lease = value.lease()) {
      long result = call(DESCRIPTOR, name, 0, lease.number());
      return Kernel.failed(result) ? OptionalInt.of((int) -result) : OptionalInt.empty();
    }
  }

  /** Makes the file system and a detached mount of it with these {@link MountAttributes} bits. */
  public Fd mount(long attributes) {
    configure(CREATE, "", 0, 0, type);
    long mount = Kernel.call(Syscall.FSMOUNT, fd.number(), CLOSE_ON_EXEC, attributes);
    return Fd.adopt((int) Kernel.check(mount, Syscall.FSMOUNT, type));
  }

  /** What the file system had to say, such as why it refused an option; read once. */
  public List<String> messages() {
    List<String> lines = new ArrayList<>();
    try (Scratch scratch = Scratch.take()) {
      MemorySegment line = scratch.buffer(LONGEST_LINE);
      while (lines.size() < MOST_LINES) {
        long length = scratch.call(Syscall.READ, fd.number(), line.address(), LONGEST_LINE);
        if (length <= 0) {
          break; // ENODATA: no more
        }
        lines.add(RawText.decode(line.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE)).strip());
      }
    }
    return lines;
  }

  @Override
  public void close() {
    fd.close();
  }

  private void configure(int command, String name, long value, int aux, String subject) {
    Kernel.check(call(command, name, value, aux), Syscall.FSCONFIG, subject);
  }

  private long call(int command, String name, long value, int aux) {
    try (Scratch scratch = Scratch.take()) {
      long key = name.isEmpty() ? 0 : scratch.text(name);
      return scratch.call(Syscall.FSCONFIG, fd.number(), command, key, value, aux);
    }
  }
}
