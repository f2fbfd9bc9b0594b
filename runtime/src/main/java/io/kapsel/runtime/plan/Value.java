package io.kapsel.runtime.plan;

import java.util.ArrayList;
import java.util.List;

/** An argument of a step. */
public sealed interface Value {
  /** A number, with the words of the manual for it. */
  record Constant(long value, String shown) implements Value {}

  /** The address of bytes in the plan. */
  record Address(Blob blob) implements Value {}

  /** What an earlier step left in a slot. */
  record Result(Slot slot) implements Value {}

  /** The number that stands in the plan's data, {@code width} bytes wide. */
  record Loaded(Blob blob, int width) implements Value {}

  /** A plain number. */
  static Constant of(long value) {
    return new Constant(value, Long.toString(value));
  }

  /** A number with a name. */
  static Constant named(String name, long value) {
    return new Constant(value, name);
  }

  /** An octal mode. */
  static Constant mode(int value) {
    return new Constant(value, "0" + Integer.toOctalString(value));
  }

  /** Several flags together. */
  static Constant all(Constant... flags) {
    long value = 0;
    List<String> names = new ArrayList<>();
    for (Constant flag : flags) {
      if (flag.value() != 0) {
        value |= flag.value();
        names.add(flag.shown());
      }
    }
    return new Constant(value, names.isEmpty() ? "0" : String.join("|", names));
  }

  /** A text. */
  static Address text(String text) {
    return new Address(Blob.text(text));
  }

  /** An address. */
  static Address at(Blob blob) {
    return new Address(blob);
  }

  /** A slot's value. */
  static Result of(Slot slot) {
    return new Result(slot);
  }

  /** How a plan shows it. */
  default String shown() {
    return switch (this) {
      case Constant(_, String shown) -> shown;
      case Address(Blob blob) -> blob.shown();
      case Result(Slot slot) -> slot.name();
      case Loaded(Blob blob, _) -> "*" + blob.shown();
    };
  }
}
