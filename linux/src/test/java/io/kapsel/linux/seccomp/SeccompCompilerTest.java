package io.kapsel.linux.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The compiled filter answers every call as the profile, read naively, does. */
class SeccompCompilerTest {
  private static final SeccompAction DENY = SeccompAction.errno(Errno.EPERM);
  private static final int[] ODD_NUMBERS = {
    0xf0001,
    0xf0002,
    0xf0005,
    0x3fffffff,
    0x40000000,
    0x4000003b,
    0x40000208,
    0x7fffffff,
    0x80000000,
    0xfffffffe,
    0xffffffff
  };
  private static final int FOREIGN = 0x80000016; // s390x

  @Test
  void comparesWholeArguments() {
    for (ArgumentCondition.Operator operator : ArgumentCondition.Operator.values()) {
      for (long value : interesting(0x1_0000_0005L)) {
        ArgumentCondition condition = new ArgumentCondition(3, operator, value, value & 0xf0f0);
        SeccompRule rule = SeccompRule.of(SeccompAction.ALLOW, "read", condition);
        agrees(profile(DENY, rule), Abi.X86_64, 0, interesting(value));
        agrees(profile(DENY, rule), Abi.X86_64, 3, interesting(value));
        agrees(profile(DENY, rule), Abi.AARCH64, 63, interesting(value));
      }
    }
  }

  @Test
  void conditionsOfARuleMustAllHoldAndRulesAreAlternatives() {
    SeccompRule both =
        SeccompRule.of(
            SeccompAction.ALLOW,
            "read",
            ArgumentCondition.of(0, ArgumentCondition.Operator.GT, 5),
            ArgumentCondition.of(0, ArgumentCondition.Operator.LT, 9));
    SeccompRule other =
        SeccompRule.of(
            SeccompAction.errno(Errno.EIO),
            "read",
            ArgumentCondition.of(0, ArgumentCondition.Operator.EQ, 42));
    FilterMachine filter =
        new FilterMachine(SeccompCompiler.compile(profile(DENY, both, other), Abi.X86_64));
    int arch = Abi.X86_64.audit();
    assertThat(filter.run(0, arch, 7)).isEqualTo(SeccompAction.ALLOW.bits());
    assertThat(filter.run(0, arch, 9)).isEqualTo(DENY.bits());
    assertThat(filter.run(0, arch, 42)).isEqualTo(SeccompAction.errno(Errno.EIO).bits());
    assertThat(filter.run(0, arch, 0x1_0000_0007L)).isEqualTo(DENY.bits());
  }

  @Test
  void killsForeignArchitecturesAndX32() {
    FilterMachine filter =
        new FilterMachine(
            SeccompCompiler.compile(
                new SeccompProfile(SeccompAction.ALLOW, List.of(), Set.of(), List.of()),
                Abi.X86_64));
    int kill = SeccompAction.KILL_PROCESS.bits();
    assertThat(filter.run(0, FOREIGN)).isEqualTo(kill);
    assertThat(filter.run(0, Abi.AARCH64.audit())).isEqualTo(kill);
    assertThat(filter.run(3, Abi.I386.audit())).isEqualTo(kill);
    assertThat(filter.run(0x40000000, Abi.X86_64.audit())).isEqualTo(kill);
    assertThat(filter.run(0x3fffffff, Abi.X86_64.audit())).isEqualTo(SeccompAction.ALLOW.bits());
    assertThat(filter.run(-1, Abi.X86_64.audit())).isEqualTo(SeccompAction.ALLOW.bits());
  }

  @Test
  void answersWhatIsNewerThanTheProfileWithEnosys() {
    FilterMachine filter =
        new FilterMachine(
            SeccompCompiler.compile(
                profile(DENY, SeccompRule.of(SeccompAction.ALLOW, List.of("openat2", "read"))),
                Abi.X86_64));
    int arch = Abi.X86_64.audit();
    assertThat(filter.run(436, arch)).isEqualTo(DENY.bits());
    assertThat(filter.run(437, arch)).isEqualTo(SeccompAction.ALLOW.bits());
    assertThat(filter.run(438, arch)).isEqualTo(SeccompAction.errno(Errno.ENOSYS).bits());
  }

  @Test
  void randomProfilesMeanWhatTheySay() {
    SplittableRandom random = new SplittableRandom(20261123);
    for (int round = 0; round < 40; round++) {
      SeccompProfile profile = random(random, 1 + random.nextInt(120));
      for (Abi host : List.of(Abi.X86_64, Abi.AARCH64)) {
        agrees(profile, host, IntStream.range(0, 480), 0, random.nextLong(), random.nextInt(8));
      }
    }
  }

  @Test
  void reachesAcrossAFilterOfThousandsOfInstructions() {
    SplittableRandom random = new SplittableRandom(7);
    SeccompProfile profile = random(random, 330);
    assertThat(SeccompCompiler.compile(profile, Abi.X86_64).length / 8).isGreaterThan(1000);
    agrees(profile, Abi.X86_64, IntStream.range(0, 480), 0, 1, 5, 0x1_0000_0005L, -1);
  }

  @Test
  void refusesWhatDoesNotFit() {
    List<SeccompRule> rules = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      rules.add(
          SeccompRule.of(
              SeccompAction.ALLOW,
              "ioctl",
              ArgumentCondition.of(1, ArgumentCondition.Operator.EQ, i)));
    }
    SeccompProfile profile = new SeccompProfile(DENY, List.of(), Set.of(), rules);
    assertThatThrownBy(() -> SeccompCompiler.compile(profile, Abi.X86_64))
        .isInstanceOf(SeccompException.class)
        .hasMessageContaining("more than 4096 instructions");
  }

  @Test
  void theFirstAnswerToACallWins() {
    SeccompRule allow = SeccompRule.of(SeccompAction.ALLOW, List.of("read"));
    SeccompRule kill = SeccompRule.of(SeccompAction.KILL_THREAD, List.of("read"));

    assertThat(SeccompCompiler.compile(profile(DENY, allow, kill), Abi.X86_64))
        .isEqualTo(SeccompCompiler.compile(profile(DENY, allow), Abi.X86_64));
    assertThat(SeccompCompiler.compile(profile(DENY, kill, allow), Abi.X86_64))
        .isEqualTo(SeccompCompiler.compile(profile(DENY, kill), Abi.X86_64));
  }

  @Test
  void leavesOutUnknownNamesAndSaysSo() {
    SeccompProfile profile =
        profile(DENY, SeccompRule.of(SeccompAction.ALLOW, List.of("read", "frobnicate")));
    assertThat(profile.unknownCalls()).containsExactly("frobnicate");
    agrees(profile, Abi.X86_64, 0, 0);
  }

  /** Compares compiled and naive for the odd numbers and for {@code numbers}, on every arch. */
  static FilterMachine agrees(
      SeccompProfile profile, Abi host, IntStream numbers, long... arguments) {
    FilterMachine filter = new FilterMachine(SeccompCompiler.compile(profile, host));
    assertThat(filter.isWellFormed()).isTrue();
    NaiveFilter naive = new NaiveFilter(profile, host);
    int[] all = IntStream.concat(numbers, IntStream.of(ODD_NUMBERS)).toArray();
    for (int number : all) {
      for (long argument : arguments) {
        long[] six = {argument, argument, argument, argument, argument, argument};
        for (Abi abi : Abi.values()) {
          same(filter, naive, number, abi.audit(), six);
        }
        same(filter, naive, number, FOREIGN, six);
      }
    }
    return filter;
  }

  private static void agrees(SeccompProfile profile, Abi host, int number, long... arguments) {
    agrees(profile, host, IntStream.of(number), arguments);
  }

  private static void same(
      FilterMachine filter, NaiveFilter naive, int number, int architecture, long[] six) {
    int compiled = filter.run(number, architecture, six);
    int wanted = naive.answer(number, architecture, six).bits();
    if (compiled != wanted) {
      throw new AssertionError(
          "call %d on %x with %x: %x instead of %x"
              .formatted(number, architecture, six[0], compiled, wanted));
    }
  }

  private static SeccompProfile profile(SeccompAction base, SeccompRule... rules) {
    return new SeccompProfile(
        base, List.of(Abi.X86_64, Abi.I386, Abi.ARM), Set.of(), List.of(rules));
  }

  private static long[] interesting(long value) {
    return new long[] {
      0,
      1,
      value - 1,
      value,
      value + 1,
      value ^ 1L << 32,
      value & 0xffffffffL,
      -1,
      -1L << 32,
      Long.MIN_VALUE,
      value | 0xf0f0,
      0x1234_5678_9abc_def0L
    };
  }

  private static SeccompProfile random(SplittableRandom random, int count) {
    SeccompAction[] actions = {
      SeccompAction.ALLOW, DENY, SeccompAction.errno(Errno.ENOSYS), SeccompAction.KILL_THREAD
    };
    Syscall[] calls = Syscall.values();
    List<SeccompRule> rules = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      // an index apart for each rule: two answers to one call are tested elsewhere
      String call = calls[(i * 7) % calls.length].label();
      SeccompAction action = actions[random.nextInt(actions.length)];
      List<ArgumentCondition> conditions = new ArrayList<>();
      for (int c = random.nextInt(4); c > 0; c--) {
        ArgumentCondition.Operator[] operators = ArgumentCondition.Operator.values();
        conditions.add(
            new ArgumentCondition(
                random.nextInt(6),
                operators[random.nextInt(operators.length)],
                random.nextBoolean() ? random.nextInt(8) : 0x1_0000_0005L,
                random.nextInt(4)));
      }
      rules.add(new SeccompRule(List.of(call), action, conditions));
    }
    return new SeccompProfile(
        actions[random.nextInt(actions.length)], List.of(Abi.I386, Abi.ARM), Set.of(), rules);
  }
}
