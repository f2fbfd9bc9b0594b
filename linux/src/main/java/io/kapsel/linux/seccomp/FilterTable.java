package io.kapsel.linux.seccomp;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a profile says on one architecture: a partition of all system call numbers, read as
 * unsigned, into ranges of one answer each.
 *
 * <p>A profile that refuses by default cannot know what came after it was written. A call above the
 * newest one that it names fails with ENOSYS, so that a C library falls back to an older call.
 *
 * @param ranges in ascending order; the first starts at 0, each ends where the next one starts
 */
record FilterTable(List<Range> ranges) {
  private static final int X32 = 0x40000000;
  private static final int PRIVATE = 0x0f0000;
  private static final int SKIPPED = -1;

  /** The answer to the calls from {@code start} on. */
  record Range(int start, Answer answer) {}

  /** What the filter does with a call. */
  sealed interface Answer {}

  /** Always the same. */
  record Fixed(SeccompAction action) implements Answer {}

  /** The first rule whose conditions hold decides. */
  record ByArguments(List<SeccompRule> rules, SeccompAction otherwise) implements Answer {}

  FilterTable {
    ranges = List.copyOf(ranges);
  }

  static FilterTable of(SeccompProfile profile, Abi abi) {
    TreeMap<Integer, List<SeccompRule>> byNumber = byNumber(profile.rules(), abi);
    SeccompAction base = profile.defaultAction();
    Integer newest = byNumber.lowerKey(PRIVATE); // a name in the ARM kernel's own range is not new
    SeccompAction newer =
        newest != null && base.refuses() ? SeccompAction.errno(Errno.ENOSYS) : base;
    Builder builder = new Builder();
    int next = 0;
    for (Map.Entry<Integer, List<SeccompRule>> entry : byNumber.entrySet()) {
      int number = entry.getKey();
      builder.fill(next, number, newest != null && number > newest ? newer : base);
      builder.add(number, answer(entry.getValue(), base));
      next = number + 1;
    }
    builder.add(next, new Fixed(newer));
    if (abi == Abi.X86_64) {
      builder.add(X32, new Fixed(SeccompAction.KILL_PROCESS));
      builder.add(SKIPPED, new Fixed(newer)); // what a tracer sets to have no call at all
    }
    return new FilterTable(builder.ranges);
  }

  private static TreeMap<Integer, List<SeccompRule>> byNumber(List<SeccompRule> rules, Abi abi) {
    TreeMap<Integer, List<SeccompRule>> byNumber = new TreeMap<>();
    for (SeccompRule rule : rules) {
      for (String name : rule.calls()) {
        Optional<Syscall> call = Syscall.of(name);
        int number = call.isEmpty() ? -1 : call.get().number(abi);
        if (number >= 0) {
          byNumber.computeIfAbsent(number, _ -> new ArrayList<>(1)).add(rule);
        }
      }
    }
    return byNumber;
  }

  /**
   * As libseccomp: the first rule without conditions wins, on which Podman's profile relies; one
   * that repeats the default says nothing.
   */
  private static Answer answer(List<SeccompRule> rules, SeccompAction base) {
    List<SeccompRule> conditional = new ArrayList<>();
    SeccompAction always = null;
    for (SeccompRule rule : rules) {
      if (!rule.conditions().isEmpty()) {
        conditional.add(rule);
      } else if (always == null || always.equals(base)) {
        always = rule.action();
      }
    }
    if (always != null && (conditional.isEmpty() || !always.equals(base))) {
      return new Fixed(always);
    }
    return new ByArguments(List.copyOf(conditional), base);
  }

  /** Joins neighbours with the same answer. */
  private static final class Builder {
    private final List<Range> ranges = new ArrayList<>();

    void fill(int from, int to, SeccompAction action) {
      if (from != to) {
        add(from, new Fixed(action));
      }
    }

    void add(int start, Answer answer) {
      if (ranges.isEmpty() || !ranges.getLast().answer().equals(answer)) {
        ranges.add(new Range(start, answer));
      }
    }
  }
}
