package io.kapsel.cli.flag;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A command line taken apart: what each flag said, in order, and the operands. */
public final class Arguments {
  private final Map<Flag<?>, List<Object>> values;
  private final List<String> operands;

  private Arguments(Map<Flag<?>, List<Object>> values, List<String> operands) {
    this.values = values;
    this.operands = operands;
  }

  /** Whether a toggle is on; the last word wins. */
  public boolean is(Flag<Boolean> flag) {
    return last(flag).orElse(false);
  }

  /** What the last occurrence said. */
  public <T> Optional<T> last(Flag<T> flag) {
    List<T> all = all(flag);
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  /** What every occurrence said, in order. */
  @SuppressWarnings("unchecked") // the builder put in only what this very flag parsed
  public <T> List<T> all(Flag<T> flag) {
    return (List<T>) values.getOrDefault(flag, List.of());
  }

  /** Whether the flag was given at all. */
  public boolean has(Flag<?> flag) {
    return values.containsKey(flag);
  }

  /** The words that are no flags. */
  public List<String> operands() {
    return operands;
  }

  static final class Builder {
    private final Map<Flag<?>, List<Object>> values = new HashMap<>();
    private final List<String> operands = new ArrayList<>();

    void add(Flag<?> flag, String text) {
      Object value = flag.parse(text);
      values.computeIfAbsent(flag, _ -> new ArrayList<>(2)).add(value);
    }

    void operands(List<String> words) {
      operands.addAll(words);
    }

    Arguments build() {
      return new Arguments(values, List.copyOf(operands));
    }
  }
}
