package io.kapsel.linux.seccomp;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a profile means, written down without any thought of trees, jumps and halves. */
final class NaiveFilter {
  private final SeccompProfile profile;
  private final Abi host;
  private final Map<Abi, TreeMap<Integer, List<SeccompRule>>> rules = new EnumMap<>(Abi.class);

  NaiveFilter(SeccompProfile profile, Abi host) {
    this.profile = profile;
    this.host = host;
    for (Abi abi : Abi.values()) {
      TreeMap<Integer, List<SeccompRule>> byNumber = new TreeMap<>();
      for (SeccompRule rule : profile.rules()) {
        rule.calls().stream()
            .flatMap(name -> Syscall.of(name).stream())
            .map(call -> call.number(abi))
            .filter(number -> number >= 0)
            .forEach(number -> byNumber.computeIfAbsent(number, _ -> new ArrayList<>()).add(rule));
      }
      rules.put(abi, byNumber);
    }
  }

  SeccompAction answer(int number, int architecture, long... arguments) {
    for (Abi abi : Abi.values()) {
      if (abi.audit() == architecture && serves(abi)) {
        return answer(number, abi, arguments);
      }
    }
    return SeccompAction.KILL_PROCESS;
  }

  private boolean serves(Abi abi) {
    boolean family =
        switch (abi) {
          case X86_64, I386 -> host == Abi.X86_64;
          case AARCH64, ARM -> host == Abi.AARCH64;
        };
    return abi == host || (family && profile.architectures().contains(abi));
  }

  private SeccompAction answer(int number, Abi abi, long[] arguments) {
    if (abi == Abi.X86_64 && number != -1 && (number & 0xc0000000) != 0) {
      return SeccompAction.KILL_PROCESS;
    }
    List<SeccompRule> mine = rules.get(abi).getOrDefault(number, List.of());
    for (SeccompRule rule : mine) {
      if (rule.conditions().isEmpty() && !rule.action().equals(profile.defaultAction())) {
        return rule.action();
      }
    }
    for (SeccompRule rule : mine) {
      if (!rule.conditions().isEmpty() && holds(rule, abi, arguments)) {
        return rule.action();
      }
    }
    return mine.isEmpty() && isNewer(number, abi) ? newer() : profile.defaultAction();
  }

  private static boolean holds(SeccompRule rule, Abi abi, long[] arguments) {
    boolean narrow = abi == Abi.I386 || abi == Abi.ARM;
    return rule.conditions().stream()
        .allMatch(c -> c.test(narrow ? arguments[c.index()] & 0xffffffffL : arguments[c.index()]));
  }

  private boolean isNewer(int number, Abi abi) {
    Integer newest = rules.get(abi).lowerKey(0xf0000);
    return newest != null && Integer.compareUnsigned(number, newest) > 0;
  }

  private SeccompAction newer() {
    return switch (profile.defaultAction().kind()) {
      case KILL_PROCESS, KILL_THREAD, TRAP, ERRNO -> SeccompAction.errno(Errno.ENOSYS);
      case NOTIFY, TRACE, LOG, ALLOW -> profile.defaultAction();
    };
  }
}
