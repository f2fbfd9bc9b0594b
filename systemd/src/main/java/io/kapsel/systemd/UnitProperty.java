package io.kapsel.systemd;

import java.util.List;

/** A property of a unit, such as {@code MemoryMax}; systemd.resource-control(5). */
public record UnitProperty(String name, Value value) {
  /** Stands for no limit where there is a number. */
  public static final long INFINITY = -1;

  /** What it is set to, by its type on the bus. */
  public sealed interface Value {
    /** {@code b}. */
    record Flag(boolean set) implements Value {}

    /** {@code s}, {@code o} or {@code g}. */
    record Text(String text, char type) implements Value {}

    /**
     * A whole number.
     *
     * @param bits the number; the types without a sign use all 64
     * @param type {@code y n q i u x t h}
     */
    record Whole(long bits, char type) implements Value {}

    /** {@code d}. */
    record Real(double number) implements Value {}

    /** {@code a(ss)}. */
    record Pairs(List<List<String>> all) implements Value {
      /** Copies the lists. */
      public Pairs {
        all = all.stream().map(List::copyOf).toList();
      }
    }

    /** An array of values of the same type, whose letter is {@code element}. */
    record Array(List<Value> all, char element) implements Value {
      /** Copies the list. */
      public Array {
        all = List.copyOf(all);
      }
    }
  }

  /** One that is yes or no. */
  public static UnitProperty of(String name, boolean set) {
    return new UnitProperty(name, new Value.Flag(set));
  }

  /** One with a text. */
  public static UnitProperty of(String name, String text) {
    return new UnitProperty(name, new Value.Text(text, 's'));
  }

  /** One with a number of 64 bits without a sign. */
  public static UnitProperty of(String name, long number) {
    return new UnitProperty(name, new Value.Whole(number, 't'));
  }

  /** One with several texts. */
  public static UnitProperty of(String name, List<String> texts) {
    return new UnitProperty(
        name,
        new Value.Array(
            texts.stream().map(each -> (Value) new Value.Text(each, 's')).toList(), 's'));
  }

  /** One with bytes. */
  public static UnitProperty of(String name, byte[] bytes) {
    List<Value> all = new java.util.ArrayList<>();
    for (byte each : bytes) {
      all.add(new Value.Whole(each & 0xff, 'y'));
    }
    return new UnitProperty(name, new Value.Array(all, 'y'));
  }

  /** One with pairs of texts. */
  public static UnitProperty pairs(String name, List<List<String>> pairs) {
    return new UnitProperty(name, new Value.Pairs(pairs));
  }

  /** The processes that a scope begins with. */
  public static UnitProperty processes(List<Integer> pids) {
    return new UnitProperty(
        "PIDs",
        new Value.Array(
            pids.stream().map(each -> (Value) new Value.Whole(each, 'u')).toList(), 'u'));
  }

  /** As a plan shows it. */
  public String shown() {
    return name + "=" + shown(value);
  }

  private static String shown(Value value) {
    return switch (value) {
      case Value.Flag(boolean set) -> set ? "yes" : "no";
      case Value.Text(String text, _) -> text;
      case Value.Whole(long bits, char type) ->
          type == 't' && bits == INFINITY ? "infinity" : Long.toString(bits);
      case Value.Real(double number) -> Double.toString(number);
      case Value.Pairs(List<List<String>> all) ->
          String.join(", ", all.stream().map(each -> String.join(" ", each)).toList());
      case Value.Array(List<Value> all, _) ->
          String.join(" ", all.stream().map(UnitProperty::shown).toList());
    };
  }
}
