package io.kapsel.linux.seccomp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Runs a classic BPF program as the kernel would, and checks what its verifier would check. */
final class FilterMachine {
  private final ByteBuffer program;
  private final ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
  private int deepest;

  FilterMachine(byte[] program) {
    this.program = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The value that the filter returns for a call. */
  int run(int number, int architecture, long... arguments) {
    data.clear();
    data.putInt(0, number).putInt(4, architecture);
    for (int i = 0; i < 6; i++) {
      data.putLong(16 + 8 * i, i < arguments.length ? arguments[i] : 0);
    }
    int accumulator = 0;
    int steps = 0;
    for (int at = 0; ; at++) {
      steps++;
      int code = program.getShort(8 * at) & 0xffff;
      int yes = program.get(8 * at + 2) & 0xff;
      int no = program.get(8 * at + 3) & 0xff;
      int constant = program.getInt(8 * at + 4);
      switch (code) {
        case 0x20 -> accumulator = data.getInt(constant);
        case 0x54 -> accumulator &= constant;
        case 0x05 -> at += constant;
        case 0x15 -> at += accumulator == constant ? yes : no;
        case 0x25 -> at += Integer.compareUnsigned(accumulator, constant) > 0 ? yes : no;
        case 0x35 -> at += Integer.compareUnsigned(accumulator, constant) >= 0 ? yes : no;
        case 0x06 -> {
          deepest = Math.max(deepest, steps);
          return constant;
        }
        default -> throw new AssertionError("instruction " + code);
      }
    }
  }

  /** The most instructions that any run so far has taken. */
  int deepest() {
    return deepest;
  }

  /** Whether every path stays inside and ends in a return. */
  boolean isWellFormed() {
    int count = program.capacity() / 8;
    for (int at = 0; at < count; at++) {
      int code = program.getShort(8 * at) & 0xffff;
      boolean conditional = code == 0x15 || code == 0x25 || code == 0x35;
      int yes = code == 0x05 ? program.getInt(8 * at + 4) : program.get(8 * at + 2) & 0xff;
      int far = conditional || code == 0x05 ? Math.max(yes, program.get(8 * at + 3) & 0xff) : 0;
      if (code != 0x06 && at + 1 + far >= count) {
        return false;
      }
    }
    return count > 0 && count <= 4096;
  }
}
