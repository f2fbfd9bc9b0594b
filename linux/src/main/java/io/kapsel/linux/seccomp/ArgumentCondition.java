package io.kapsel.linux.seccomp;

/**
 * A condition on one argument of a system call, compared as unsigned 64-bit numbers.
 *
 * @param index which argument, 0 to 5
 * @param value the number to compare with; for {@link Operator#MASKED_EQ} the mask
 * @param masked for {@link Operator#MASKED_EQ} what the masked argument must be, else 0
 */
public record ArgumentCondition(int index, Operator operator, long value, long masked) {
  private static final int ARGUMENTS = 6;

  /** How to compare. */
  public enum Operator {
    NE,
    LT,
    LE,
    EQ,
    GE,
    GT,
    MASKED_EQ;

    /** The name in the OCI specification. */
    public String label() {
      return "SCMP_CMP_" + name();
    }

    /** The operator of an OCI name. */
    public static Operator parse(String name) {
      for (Operator operator : values()) {
        if (operator.label().equals(name)) {
          return operator;
        }
      }
      throw new SeccompException("cannot use seccomp operator '" + name + "': it is unknown");
    }
  }

  public ArgumentCondition {
    if (index < 0 || index >= ARGUMENTS) {
      throw new SeccompException(
          "cannot filter argument " + index + ": a system call has arguments 0 to 5");
    }
  }

  /** A condition without a mask. */
  public static ArgumentCondition of(int index, Operator operator, long value) {
    return new ArgumentCondition(index, operator, value, 0);
  }

  /** Whether an argument meets it. */
  public boolean test(long argument) {
    int order = Long.compareUnsigned(argument, value);
    return switch (operator) {
      case NE -> order != 0;
      case LT -> order < 0;
      case LE -> order <= 0;
      case EQ -> order == 0;
      case GE -> order >= 0;
      case GT -> order > 0;
      case MASKED_EQ -> (argument & value) == masked;
    };
  }
}
