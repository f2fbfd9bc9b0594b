package io.kapsel.linux.seccomp;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import java.util.List;

/** What a profile means, written down without any thought of speed. */
record NaiveFilter(SeccompProfile profile, Abi host) {
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
    List<SeccompRule> rules = profile.rules().stream().filter(r -> names(r, number, abi)).toList();
    for (SeccompRule rule : rules) {
      if (rule.conditions().isEmpty() && !rule.action().equals(profile.defaultAction())) {
        return rule.action();
      }
    }
    for (SeccompRule rule : rules) {
      if (!rule.conditions().isEmpty() && holds(rule, abi, arguments)) {
        return rule.action();
      }
    }
    return rules.isEmpty() && isNewer(number, abi) ? newer() : profile.defaultAction();
  }

  private boolean names(SeccompRule rule, int number, Abi abi) {
    return number >= 0
        && rule.calls().stream()
            .anyMatch(name -> Syscall.of(name).filter(c -> c.number(abi) == number).isPresent());
  }

  private boolean holds(SeccompRule rule, Abi abi, long[] arguments) {
    boolean narrow = abi == Abi.I386 || abi == Abi.ARM;
    return rule.conditions().stream()
        .allMatch(c -> c.test(narrow ? arguments[c.index()] & 0xffffffffL : arguments[c.index()]));
  }

  private boolean isNewer(int number, Abi abi) {
    int newest =
        profile.rules().stream()
            .flatMap(rule -> rule.calls().stream())
            .flatMap(name -> Syscall.of(name).stream())
            .mapToInt(call -> call.number(abi))
            .filter(n -> n < 0xf0000)
            .max()
            .orElse(-1);
    return newest >= 0 && Integer.compareUnsigned(number, newest) > 0;
  }

  private SeccompAction newer() {
    return switch (profile.defaultAction().kind()) {
      case KILL_PROCESS, KILL_THREAD, TRAP, ERRNO -> SeccompAction.errno(Errno.ENOSYS);
      case NOTIFY, TRACE, LOG, ALLOW -> profile.defaultAction();
    };
  }
}
