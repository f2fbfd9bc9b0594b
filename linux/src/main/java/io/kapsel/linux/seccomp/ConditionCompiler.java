package io.kapsel.linux.seccomp;

import static io.kapsel.linux.seccomp.FilterAssembler.Test.AT_LEAST;
import static io.kapsel.linux.seccomp.FilterAssembler.Test.EQUAL;
import static io.kapsel.linux.seccomp.FilterAssembler.Test.GREATER;

/**
 * Compiles a condition on a 64-bit argument into comparisons of its 32-bit halves.
 *
 * <p>A 32-bit interface hands only the lower half to the kernel. There the upper half is taken as
 * zero and never looked at: a 64-bit process that calls through {@code int 0x80} can put anything
 * into it, and could otherwise slip a value past the filter that the kernel reads differently.
 */
final class ConditionCompiler {
  private final FilterAssembler code;
  private final boolean wide;

  ConditionCompiler(FilterAssembler code, boolean wide) {
    this.code = code;
    this.wide = wide;
  }

  /** Code that goes to {@code yes} when the condition holds, else to {@code no}. */
  int compile(ArgumentCondition condition, int yes, int no) {
    return switch (condition.operator()) {
      case EQ -> masked(condition.index(), -1L, condition.value(), yes, no);
      case NE -> masked(condition.index(), -1L, condition.value(), no, yes);
      case MASKED_EQ -> masked(condition.index(), condition.value(), condition.masked(), yes, no);
      case GT -> ordered(condition, GREATER, yes, no);
      case GE -> ordered(condition, AT_LEAST, yes, no);
      case LE -> ordered(condition, GREATER, no, yes);
      case LT -> ordered(condition, AT_LEAST, no, yes);
    };
  }

  private int masked(int argument, long mask, long wanted, int yes, int no) {
    if ((wanted & ~mask) != 0 || (!wide && high(wanted) != 0)) {
      return no;
    }
    int low = yes;
    if (low(mask) != 0) {
      int test = code.branch(EQUAL, low(wanted), yes, no);
      low = code.loadLow(argument, code.and(low(mask), test));
    }
    if (!wide || high(mask) == 0) {
      return low;
    }
    int test = code.branch(EQUAL, high(wanted), low, no);
    return code.loadHigh(argument, code.and(high(mask), test));
  }

  private int ordered(
      ArgumentCondition condition, FilterAssembler.Test test, int more, int notMore) {
    int high = high(condition.value());
    if (!wide && high != 0) {
      return notMore;
    }
    int low = code.branch(test, low(condition.value()), more, notMore);
    if (more != notMore) {
      low = code.loadLow(condition.index(), low);
    }
    if (!wide) {
      return low;
    }
    int equal = code.branch(EQUAL, high, low, notMore);
    return code.loadHigh(condition.index(), code.branch(GREATER, high, more, equal));
  }

  private static int low(long value) {
    return (int) value;
  }

  private static int high(long value) {
    return (int) (value >>> 32);
  }
}
