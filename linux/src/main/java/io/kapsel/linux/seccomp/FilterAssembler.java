package io.kapsel.linux.seccomp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes a classic BPF program from its end to its beginning. Jumps only go forward, so the target
 * of each is already there when it is written; a label counts from the end. A conditional jump
 * reaches 255 instructions far; where that is not enough, an unconditional one is put in between.
 */
final class FilterAssembler {
  /** BPF_MAXINSNS of the kernel. */
  static final int LIMIT = 4096;

  private static final int LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
  private static final int AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
  private static final int JUMP = 0x05; // BPF_JMP | BPF_JA
  private static final int RETURN = 0x06; // BPF_RET | BPF_K
  private static final int REACH = 255;

  private static final int OFFSET_NUMBER = 0;
  private static final int OFFSET_ARCHITECTURE = 4;
  private static final int OFFSET_ARGUMENTS = 16;

  private final Map<Integer, Integer> returns = new HashMap<>();
  private long[] reversed = new long[256];
  private int size;

  /** The conditional jumps, which compare with a constant. */
  enum Test {
    EQUAL(0x15),
    GREATER(0x25),
    AT_LEAST(0x35);

    private final int code;

    Test(int code) {
      this.code = code;
    }
  }

  /** Goes to {@code yes} when the accumulator passes the test, else to {@code no}. */
  int branch(Test test, int constant, int yes, int no) {
    if (yes == no) {
      return yes;
    }
    int near = size + 1 - yes > REACH ? jump(yes) : yes; // the other detour may come in between
    int far = size - 1 - no > REACH ? jump(no) : no;
    return add(test.code, size - 1 - near, size - 1 - far, constant);
  }

  /** Ends the program with that value; one that is near is used again. */
  int end(int value) {
    Integer before = returns.get(value);
    if (before != null && size - before < REACH - 2) {
      return before;
    }
    int label = add(RETURN, 0, 0, value);
    returns.put(value, label);
    return label;
  }

  /** Keeps only some bits of the accumulator, then goes on with {@code next}. */
  int and(int mask, int next) {
    return mask == -1 ? next : after(AND, mask, next);
  }

  /** Loads the number of the call. */
  int loadNumber(int next) {
    return after(LOAD, OFFSET_NUMBER, next);
  }

  /** Loads the AUDIT_ARCH value. */
  int loadArchitecture(int next) {
    return after(LOAD, OFFSET_ARCHITECTURE, next);
  }

  /** Loads the lower half of an argument. */
  int loadLow(int argument, int next) {
    return after(LOAD, OFFSET_ARGUMENTS + 8 * argument, next);
  }

  /** Loads the upper half of an argument. */
  int loadHigh(int argument, int next) {
    return after(LOAD, OFFSET_ARGUMENTS + 8 * argument + 4, next);
  }

  int size() {
    return size;
  }

  /** The program as an array of {@code struct sock_filter}. */
  byte[] toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(8 * size).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = size - 1; i >= 0; i--) {
      bytes.putLong(reversed[i]);
    }
    return bytes.array();
  }

  /** An instruction without a jump is followed by what was written last. */
  private int after(int code, int constant, int next) {
    if (next != size - 1) {
      jump(next);
    }
    return add(code, 0, 0, constant);
  }

  private int jump(int label) {
    return add(JUMP, 0, 0, size - 1 - label);
  }

  private int add(int code, int yes, int no, int constant) {
    if (size == LIMIT) {
      throw new SeccompException(
          "cannot compile the seccomp profile: the filter would have more than "
              + LIMIT
              + " instructions");
    }
    if (size == reversed.length) {
      reversed = Arrays.copyOf(reversed, 2 * size);
    }
    reversed[size] =
        code | (long) yes << 16 | (long) no << 24 | Integer.toUnsignedLong(constant) << 32;
    return size++;
  }
}
