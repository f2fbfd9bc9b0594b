package io.kapsel.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for the arguments of a few system calls, and the place where the linker puts errno.
 *
 * <p>Making an arena for each call costs more than most calls, so blocks are kept and lent: {@link
 * #take} gives one to the calling thread alone until {@link #close}. What does not fit into a block
 * is allocated and freed singly.
 */
public final class Scratch implements AutoCloseable {
  private static final int BLOCK = 72 * 1024;
  private static final int HEAD = 16;
  private static final int SLOTS = 8;
  private static final AtomicReferenceArray<@Nullable Scratch> IDLE =
      new AtomicReferenceArray<>(SLOTS);

  private final MemorySegment block;
  private final MemorySegment capture;
  private long used = HEAD;
  private @Nullable Arena overflow;

  private Scratch() {
    block = Arena.ofAuto().allocate(BLOCK, 16);
    capture = block.asSlice(0, Kernel.CAPTURE);
  }

  /** Lends a block to the calling thread. */
  public static Scratch take() {
    int start = (int) Thread.currentThread().threadId();
    for (int i = 0; i < SLOTS; i++) {
      int slot = (start + i) & (SLOTS - 1);
      Scratch idle = IDLE.get(slot) == null ? null : IDLE.getAndSet(slot, null);
      if (idle != null) {
        return idle;
      }
    }
    return new Scratch();
  }

  /** Zeroed memory of that many bytes, aligned to 8. */
  public MemorySegment allocate(long bytes) {
    long at = used;
    if (bytes > BLOCK - at) {
      return overflow().allocate(bytes, 8);
    }
    used = (at + bytes + 7) & ~7L;
    return block.asSlice(at, bytes).fill((byte) 0);
  }

  /** Memory of that many bytes with any content: for what the kernel overwrites. */
  public MemorySegment buffer(long bytes) {
    long at = used;
    if (bytes > BLOCK - at) {
      return overflow().allocate(bytes, 8);
    }
    used = (at + bytes + 7) & ~7L;
    return block.asSlice(at, bytes);
  }

  /** A copy of {@code bytes[from..from+length)}. */
  public MemorySegment copy(byte[] bytes, int from, int length) {
    MemorySegment memory = buffer(length);
    MemorySegment.copy(bytes, from, memory, ValueLayout.JAVA_BYTE, 0, length);
    return memory;
  }

  /** A copy of all bytes. */
  public MemorySegment copy(byte[] bytes) {
    return copy(bytes, 0, bytes.length);
  }

  /** The address of {@code text} in bytes ({@link RawText}), ended by NUL. */
  public long text(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("cannot pass '" + text + "': it contains NUL");
    }
    byte[] bytes = RawText.encode(text);
    MemorySegment memory = buffer(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
    memory.set(ValueLayout.JAVA_BYTE, bytes.length, (byte) 0);
    return memory.address();
  }

  /** The address of an array of addresses of these texts, ended by 0. */
  public long texts(Iterable<String> texts) {
    int count = 0;
    for (String _ : texts) {
      count++;
    }
    MemorySegment array = allocate(8L * (count + 1));
    int i = 0;
    for (String text : texts) {
      array.setAtIndex(ValueLayout.JAVA_LONG, i++, text(text));
    }
    return array.address();
  }

  /** Does a system call; the result is in [-4095, -1] when it failed. */
  public long call(Syscall call, long a, long b, long c, long d, long e, long f) {
    return Kernel.invoke(capture, call, a, b, c, d, e, f);
  }

  /** The same with fewer arguments. */
  public long call(Syscall call, long a) {
    return Kernel.invoke(capture, call, a, 0, 0, 0, 0, 0);
  }

  /** The same with fewer arguments. */
  public long call(Syscall call, long a, long b) {
    return Kernel.invoke(capture, call, a, b, 0, 0, 0, 0);
  }

  /** The same with fewer arguments. */
  public long call(Syscall call, long a, long b, long c) {
    return Kernel.invoke(capture, call, a, b, c, 0, 0, 0);
  }

  /** The same with fewer arguments. */
  public long call(Syscall call, long a, long b, long c, long d) {
    return Kernel.invoke(capture, call, a, b, c, d, 0, 0);
  }

  /** The same with fewer arguments. */
  public long call(Syscall call, long a, long b, long c, long d, long e) {
    return Kernel.invoke(capture, call, a, b, c, d, e, 0);
  }

  /** Calls any function of at most seven integers or pointers. */
  long call(MemorySegment function, long[] seven) {
    return Kernel.invoke(function, capture, seven);
  }

  /** Calls a function of the C library, whose result is an int that is an errno or -1. */
  public int library(LibraryFunction function, long... arguments) {
    return Kernel.invoke(capture, function, arguments);
  }

  /** Gives the block back. */
  @Override
  public void close() {
    used = HEAD;
    if (overflow != null) {
      overflow.close();
      overflow = null;
    }
    int slot = (int) Thread.currentThread().threadId() & (SLOTS - 1);
    for (int i = 0; i < SLOTS; i++) {
      if (IDLE.compareAndSet((slot + i) & (SLOTS - 1), null, this)) {
        return;
      }
    }
  }

  @SuppressWarnings("MustBeClosed") // closed by close()
  private Arena overflow() {
    Arena arena = overflow;
    if (arena == null) {
      arena = Arena.ofConfined();
      overflow = arena;
    }
    return arena;
  }
}
