package io.kapsel.linux.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Compiles rules to an eBPF program of the type BPF_PROG_TYPE_CGROUP_DEVICE; see bpf(2).
 *
 * <p>The kernel hands it {@code struct bpf_cgroup_dev_ctx}: the access in the upper and the type in
 * the lower half of the first word, then major and minor. The rules are tried from the last to the
 * first, so that for each kind of access the last rule that speaks of it decides: one that allows
 * takes its kinds off the list of what is still asked for, one that refuses ends the matter when
 * one of its kinds is still on the list.
 */
public final class DeviceFilter {
  private static final int LOAD_WORD = 0x61;
  private static final int MOVE = 0xbf;
  private static final int MOVE_CONSTANT = 0xb7;
  private static final int AND_32 = 0x54;
  private static final int SHIFT_RIGHT_32 = 0x74;
  private static final int JUMP_UNEQUAL = 0x55;
  private static final int JUMP_EQUAL = 0x15;
  private static final int EXIT = 0x95;
  private static final int INSTRUCTION = 8;

  private static final int RESULT = 0;
  private static final int CONTEXT = 1;
  private static final int TYPE = 2;
  private static final int ACCESS = 3;
  private static final int MAJOR = 4;
  private static final int MINOR = 5;
  private static final int SCRATCH = 6;

  private final List<byte[]> code = new ArrayList<>();

  private DeviceFilter() {}

  /** The program for these rules, an array of {@code struct bpf_insn}. */
  public static byte[] compile(List<DeviceRule> rules) {
    DeviceFilter filter = new DeviceFilter();
    filter.loadContext();
    for (DeviceRule rule : rules.reversed()) {
      filter.add(rule);
    }
    filter.end(0);
    ByteBuffer bytes = ByteBuffer.allocate(filter.code.size() * INSTRUCTION);
    filter.code.forEach(bytes::put);
    return bytes.array();
  }

  private void loadContext() {
    emit(LOAD_WORD, TYPE, CONTEXT, 0, 0);
    emit(MOVE, ACCESS, TYPE, 0, 0);
    emit(AND_32, TYPE, 0, 0, 0xffff);
    emit(SHIFT_RIGHT_32, ACCESS, 0, 0, 16);
    emit(LOAD_WORD, MAJOR, CONTEXT, 4, 0);
    emit(LOAD_WORD, MINOR, CONTEXT, 8, 0);
  }

  private void add(DeviceRule rule) {
    int access = (rule.make() ? 1 : 0) | (rule.read() ? 2 : 0) | (rule.write() ? 4 : 0);
    List<int[]> tests = new ArrayList<>();
    if (rule.type() != 'a') {
      tests.add(new int[] {JUMP_UNEQUAL, TYPE, rule.type() == 'b' ? 1 : 2});
    }
    if (rule.major() != DeviceRule.ANY) {
      tests.add(new int[] {JUMP_UNEQUAL, MAJOR, rule.major()});
    }
    if (rule.minor() != DeviceRule.ANY) {
      tests.add(new int[] {JUMP_UNEQUAL, MINOR, rule.minor()});
    }
    // each test is one instruction; what follows them differs, and ends with two for the answer
    int left = tests.size() + (rule.allow() ? 4 : 5);
    for (int[] test : tests) {
      left--;
      emit(test[0], test[1], 0, left, test[2]);
    }
    if (rule.allow()) {
      emit(AND_32, ACCESS, 0, 0, ~access & 7);
      emit(JUMP_UNEQUAL, ACCESS, 0, 2, 0);
    } else {
      emit(MOVE, SCRATCH, ACCESS, 0, 0);
      emit(AND_32, SCRATCH, 0, 0, access);
      emit(JUMP_EQUAL, SCRATCH, 0, 2, 0);
    }
    end(rule.allow() ? 1 : 0);
  }

  private void end(int answer) {
    emit(MOVE_CONSTANT, RESULT, 0, 0, answer);
    emit(EXIT, 0, 0, 0, 0);
  }

  private void emit(int operation, int to, int from, int offset, int constant) {
    code.add(
        ByteBuffer.allocate(INSTRUCTION)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put((byte) operation)
            .put((byte) (from << 4 | to))
            .putShort((short) offset)
            .putInt(constant)
            .array());
  }
}
