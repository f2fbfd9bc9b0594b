package io.kapsel.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The gate: every call into native code goes through the one method handle of this class.
 *
 * <p>There is one downcall shape, seven longs in and one long out, because every further shape
 * costs start-up time. It fits syscall(2), and on x86-64 and aarch64 also any C function of at most
 * seven integer or pointer arguments: registers that a function does not expect are ignored by it,
 * and the caller clears the stack. The linker captures errno in the same step, so nothing that the
 * JVM does afterwards can change it.
 */
public final class Kernel {
  static final long CAPTURE;

  private static final MethodHandle CALL;
  private static final VarHandle ERRNO;
  private static final MemorySegment SYSCALL;
  private static final int LAST_ERRNO = 4095;

  static {
    StructLayout state = Linker.Option.captureStateLayout();
    CAPTURE = state.byteSize();
    ERRNO = state.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    CALL = link();
    SYSCALL = MemorySegment.ofAddress(find("syscall"));
  }

  private Kernel() {}

  /** Does a system call without memory arguments; the result is in [-4095, -1] when it failed. */
  public static long call(Syscall call, long a, long b, long c) {
    try (Scratch scratch = Scratch.take()) {
      return scratch.call(call, a, b, c);
    }
  }

  /** The same with fewer arguments. */
  public static long call(Syscall call, long a, long b) {
    return call(call, a, b, 0);
  }

  /** The same with fewer arguments. */
  public static long call(Syscall call, long a) {
    return call(call, a, 0, 0);
  }

  /** The same without arguments. */
  public static long call(Syscall call) {
    return call(call, 0, 0, 0);
  }

  /** The result, unless it says that {@code name} failed on {@code subject}. */
  public static long check(long result, String name, @Nullable Object subject) {
    if (failed(result)) {
      throw new SyscallException(name, subject, errno(result));
    }
    return result;
  }

  /** The same; the name is that of the call. */
  public static long check(long result, Syscall call, @Nullable Object subject) {
    if (failed(result)) {
      throw new SyscallException(call.label(), subject, errno(result));
    }
    return result;
  }

  /** Whether a result is a failure. */
  public static boolean failed(long result) {
    return result < 0 && result >= -LAST_ERRNO;
  }

  /** What a failure says. */
  public static Errno errno(long result) {
    return new Errno((int) -result);
  }

  static long invoke(
      MemorySegment capture, Syscall call, long a, long b, long c, long d, long e, long f) {
    int number = call.number();
    if (number < 0) {
      return -Errno.ENOSYS.number();
    }
    while (true) {
      long result = invoke(SYSCALL, capture, number, a, b, c, d, e, f);
      if (result != -1) {
        return result;
      }
      int errno = (int) ERRNO.get(capture, 0L);
      if (errno != 4 || call == Syscall.CLOSE) {
        return -errno;
      }
    }
  }

  static int invoke(MemorySegment capture, LibraryFunction function, long... arguments) {
    long[] all = new long[7];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    return (int) invoke(function.address(), capture, all);
  }

  static long invoke(MemorySegment function, MemorySegment capture, long[] seven) {
    return invoke(
        function, capture, seven[0], seven[1], seven[2], seven[3], seven[4], seven[5], seven[6]);
  }

  private static long invoke(
      MemorySegment function,
      MemorySegment capture,
      long number,
      long a,
      long b,
      long c,
      long d,
      long e,
      long f) {
    try {
      return (long) CALL.invokeExact(function, capture, number, a, b, c, d, e, f);
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new AssertionError("handle and descriptor disagree", thrown);
    }
  }

  @SuppressWarnings("restricted") // the native access of the whole system begins here
  private static MethodHandle link() {
    ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
    return Linker.nativeLinker()
        .downcallHandle(
            FunctionDescriptor.of(word, word, word, word, word, word, word, word),
            Linker.Option.captureCallState("errno"));
  }

  /** The address of a function of the C library, 0 if it has none. */
  static long find(String symbol) {
    return Linker.nativeLinker()
        .defaultLookup()
        .find(symbol)
        .map(MemorySegment::address)
        .orElse(0L);
  }
}
