package io.kapsel.linux.seccomp;

import static io.kapsel.linux.seccomp.FilterAssembler.Test.AT_LEAST;
import static io.kapsel.linux.seccomp.FilterAssembler.Test.EQUAL;

import io.kapsel.linux.Abi;
import java.util.List;

/**
 * Compiles a profile to the classic BPF program that seccomp(2) takes.
 *
 * <p>The filter runs at each system call, and the kernel also runs it once for every call number
 * when it is installed. So it is no list of comparisons: it finds the architecture, then the number
 * by binary search over ranges of equal answer, and only at the leaves looks at arguments.
 */
public final class SeccompCompiler {
  private SeccompCompiler() {}

  /** The array of {@code struct sock_filter} for a process of the architecture {@code host}. */
  public static byte[] compile(SeccompProfile profile, Abi host) {
    FilterAssembler code = new FilterAssembler();
    int other = code.end(SeccompAction.KILL_PROCESS.bits());
    for (Abi abi : architectures(profile, host).reversed()) {
      int block = code.loadNumber(tree(code, FilterTable.of(profile, abi).ranges(), wide(abi)));
      other = code.branch(EQUAL, abi.audit(), block, other);
    }
    code.loadArchitecture(other);
    return code.toBytes();
  }

  private static List<Abi> architectures(SeccompProfile profile, Abi host) {
    Abi narrow =
        switch (host) {
          case X86_64 -> Abi.I386;
          case AARCH64 -> Abi.ARM;
          case I386, ARM -> host;
        };
    return narrow != host && profile.architectures().contains(narrow)
        ? List.of(host, narrow)
        : List.of(host);
  }

  private static boolean wide(Abi abi) {
    return switch (abi) {
      case X86_64, AARCH64 -> true;
      case I386, ARM -> false;
    };
  }

  private static int tree(FilterAssembler code, List<FilterTable.Range> ranges, boolean wide) {
    int count = ranges.size();
    if (count == 1) {
      return leaf(code, ranges.getFirst().answer(), wide);
    }
    if (count == 3 && isIsland(ranges)) {
      int around = leaf(code, ranges.getFirst().answer(), wide);
      int island = leaf(code, ranges.get(1).answer(), wide);
      return code.branch(EQUAL, ranges.get(1).start(), island, around);
    }
    int middle = count / 2;
    int right = tree(code, ranges.subList(middle, count), wide);
    int left = tree(code, ranges.subList(0, middle), wide);
    return code.branch(AT_LEAST, ranges.get(middle).start(), right, left);
  }

  /** One number in the middle of a range: found by one comparison instead of two. */
  private static boolean isIsland(List<FilterTable.Range> ranges) {
    return ranges.get(2).start() - ranges.get(1).start() == 1
        && ranges.get(0).answer().equals(ranges.get(2).answer());
  }

  private static int leaf(FilterAssembler code, FilterTable.Answer answer, boolean wide) {
    return switch (answer) {
      case FilterTable.Fixed(SeccompAction action) -> code.end(action.bits());
      case FilterTable.ByArguments(List<SeccompRule> rules, SeccompAction otherwise) -> {
        ConditionCompiler conditions = new ConditionCompiler(code, wide);
        int next = code.end(otherwise.bits());
        for (SeccompRule rule : rules.reversed()) {
          int label = code.end(rule.action().bits());
          for (ArgumentCondition condition : rule.conditions().reversed()) {
            label = conditions.compile(condition, label, next);
          }
          next = label;
        }
        yield next;
      }
    };
  }
}
