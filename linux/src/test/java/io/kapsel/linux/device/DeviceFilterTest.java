package io.kapsel.linux.device;

import static io.kapsel.linux.device.DeviceRule.ANY;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The compiled device filter decides as the list of rules does. */
class DeviceFilterTest {
  private static final int MAKE = 1;
  private static final int READ = 2;
  private static final int WRITE = 4;

  @Test
  void lettingNothingInIsTheDefault() {
    assertThat(allows(List.of(), 'c', 1, 3, READ)).isFalse();
  }

  @Test
  void theDefaultListOpensTheUsualNodesOnly() {
    List<DeviceRule> rules = DeviceRule.defaults();
    assertThat(allows(rules, 'c', 1, 3, READ | WRITE)).isTrue();
    assertThat(allows(rules, 'c', 136, 7, READ | WRITE)).isTrue();
    assertThat(allows(rules, 'c', 10, 229, READ | WRITE)).isFalse();
    assertThat(allows(rules, 'c', 1, 1, READ)).isFalse();
    assertThat(allows(rules, 'b', 8, 0, READ)).isFalse();
    assertThat(allows(rules, 'b', 8, 0, MAKE)).isTrue();
    assertThat(allows(rules, 'b', 8, 0, MAKE | READ)).isFalse();
  }

  @Test
  void theLastRuleThatSpeaksOfAnAccessDecides() {
    DeviceRule all = DeviceRule.of(true, 'a', ANY, ANY, "rwm");
    DeviceRule noDiskWrite = DeviceRule.of(false, 'b', 8, ANY, "w");
    assertThat(allows(List.of(all, noDiskWrite), 'b', 8, 1, READ)).isTrue();
    assertThat(allows(List.of(all, noDiskWrite), 'b', 8, 1, READ | WRITE)).isFalse();
    assertThat(allows(List.of(noDiskWrite, all), 'b', 8, 1, WRITE)).isTrue();
  }

  @Test
  void allowancesAddUp() {
    List<DeviceRule> rules =
        List.of(DeviceRule.of(true, 'c', 1, 3, "r"), DeviceRule.of(true, 'c', 1, 3, "w"));
    assertThat(allows(rules, 'c', 1, 3, READ | WRITE)).isTrue();
    assertThat(allows(rules, 'c', 1, 3, READ | MAKE)).isFalse();
  }

  @Test
  void decidesAsTheListDoes() {
    SplittableRandom random = new SplittableRandom(42);
    for (int round = 0; round < 300; round++) {
      List<DeviceRule> rules = new ArrayList<>();
      for (int i = random.nextInt(8); i > 0; i--) {
        rules.add(random(random));
      }
      for (int query = 0; query < 60; query++) {
        char type = random.nextBoolean() ? 'b' : 'c';
        int major = random.nextInt(3);
        int minor = random.nextInt(3);
        int access = 1 + random.nextInt(7);
        assertThat(allows(rules, type, major, minor, access))
            .as("%s: %s %d:%d %d", rules, type, major, minor, access)
            .isEqualTo(naive(rules, type, major, minor, access));
      }
    }
  }

  @Test
  void printsTheLinesOfVersion1() {
    assertThat(DeviceRule.of(true, 'c', 136, ANY, "rwm").line()).isEqualTo("c 136:* rwm");
    assertThat(DeviceRule.defaults().getFirst().line()).isEqualTo("a *:* rwm");
  }

  private static DeviceRule random(SplittableRandom random) {
    return new DeviceRule(
        random.nextBoolean(),
        "abc".charAt(random.nextInt(3)),
        random.nextInt(4) - 1,
        random.nextInt(4) - 1,
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean());
  }

  private static boolean naive(
      List<DeviceRule> rules, char type, int major, int minor, int access) {
    for (int kind : new int[] {MAKE, READ, WRITE}) {
      boolean allowed = false;
      for (DeviceRule rule : rules) {
        boolean node =
            (rule.type() == 'a' || rule.type() == type)
                && (rule.major() == ANY || rule.major() == major)
                && (rule.minor() == ANY || rule.minor() == minor);
        boolean speaks = kind == MAKE ? rule.make() : kind == READ ? rule.read() : rule.write();
        if (node && speaks) {
          allowed = rule.allow();
        }
      }
      if ((access & kind) != 0 && !allowed) {
        return false;
      }
    }
    return true;
  }

  /** Runs the program as the kernel would. */
  private static boolean allows(
      List<DeviceRule> rules, char type, int major, int minor, int access) {
    ByteBuffer program =
        ByteBuffer.wrap(DeviceFilter.compile(rules)).order(ByteOrder.LITTLE_ENDIAN);
    int[] context = {access << 16 | (type == 'b' ? 1 : 2), major, minor};
    long[] registers = new long[11];
    for (int at = 0; ; at++) {
      int to = program.get(8 * at + 1) & 15;
      int from = program.get(8 * at + 1) >> 4 & 15;
      int offset = program.getShort(8 * at + 2);
      int constant = program.getInt(8 * at + 4);
      switch (program.get(8 * at) & 0xff) {
        case 0x61 -> registers[to] = Integer.toUnsignedLong(context[offset / 4]);
        case 0xbf -> registers[to] = registers[from];
        case 0xb7 -> registers[to] = constant;
        case 0x54 -> registers[to] = registers[to] & constant & 0xffffffffL;
        case 0x74 -> registers[to] = (registers[to] & 0xffffffffL) >>> constant;
        case 0x55 -> at += registers[to] != constant ? offset : 0;
        case 0x15 -> at += registers[to] == constant ? offset : 0;
        case 0x95 -> {
          return registers[0] == 1;
        }
        default -> throw new AssertionError("instruction at " + at);
      }
    }
  }
}
