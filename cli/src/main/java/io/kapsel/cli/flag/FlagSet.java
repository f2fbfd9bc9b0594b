package io.kapsel.cli.flag;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The flags that one command knows. Immutable: one set serves all requests at once. */
public final class FlagSet {
  /** Every command has it. */
  public static final Flag<Boolean> HELP = Flag.toggle("help", "Print usage");

  private final List<Flag<?>> flags;
  private final Map<String, Flag<?>> byName = new HashMap<>();
  private final Map<Character, Flag<?>> byLetter = new HashMap<>();
  private final boolean interspersed;

  private FlagSet(List<Flag<?>> flags, boolean interspersed) {
    this.flags = flags.stream().sorted(Comparator.comparing(Flag::name)).toList();
    this.interspersed = interspersed;
    this.flags.forEach(this::index);
  }

  /** Flags that may stand before, between and after the operands. */
  public static FlagSet of(Flag<?>... flags) {
    return new FlagSet(withHelp(List.of(flags)), true);
  }

  /** Flags that end at the first operand: what follows belongs to another program. */
  public static FlagSet untilOperand(List<Flag<?>> flags) {
    return new FlagSet(withHelp(flags), false);
  }

  private static List<Flag<?>> withHelp(List<Flag<?>> flags) {
    List<Flag<?>> all = new ArrayList<>(flags);
    all.add(HELP);
    return all;
  }

  private void index(Flag<?> flag) {
    if (byName.put(flag.name(), flag) != null) {
      throw new IllegalArgumentException("two flags are called --" + flag.name());
    }
    flag.letter()
        .ifPresent(letter -> {
          if (byLetter.put(letter, flag) != null) {
            throw new IllegalArgumentException("two flags are called -" + letter);
          }
        });
  }

  /** All flags, by name. */
  public List<Flag<?>> flags() {
    return flags;
  }

  /** Sorts {@code words} into values of flags and operands. */
  public Arguments parse(List<String> words) {
    Arguments.Builder found = new Arguments.Builder();
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at);
      if (word.equals("--")) {
        found.operands(words.subList(at + 1, words.size()));
        break;
      }
      if (word.length() < 2 || word.charAt(0) != '-') {
        if (!interspersed) {
          found.operands(words.subList(at, words.size()));
          break;
        }
        found.operands(List.of(word));
        at++;
        continue;
      }
      @Nullable String next = at + 1 < words.size() ? words.get(at + 1) : null;
      boolean tookNext =
          word.startsWith("--") ? name(word, next, found) : letters(word, next, found);
      at += tookNext ? 2 : 1;
    }
    return found.build();
  }

  private boolean name(String word, @Nullable String next, Arguments.Builder found) {
    int equals = word.indexOf('=');
    String name = word.substring(2, equals < 0 ? word.length() : equals);
    if (name.isEmpty() || name.charAt(0) == '-') {
      throw new UsageException("bad flag syntax: " + word);
    }
    Flag<?> flag = byName.get(name);
    if (flag == null) {
      throw new UsageException("unknown flag: --" + name);
    }
    if (equals >= 0) {
      found.add(flag, word.substring(equals + 1));
      return false;
    }
    if (flag.isToggle()) {
      found.add(flag, "true");
      return false;
    }
    if (next == null) {
      throw new UsageException("flag needs an argument: --" + name);
    }
    found.add(flag, next);
    return true;
  }

  /** A cluster such as {@code -it}, {@code -p80:80}, {@code -eX=Y} or {@code -i=false}. */
  private boolean letters(String word, @Nullable String next, Arguments.Builder found) {
    for (int at = 1; at < word.length(); at++) {
      char letter = word.charAt(at);
      String rest = word.substring(at + 1);
      Flag<?> flag = byLetter.get(letter);
      if (flag == null) {
        throw new UsageException(
            "unknown shorthand flag: '" + letter + "' in -" + word.substring(at));
      }
      if (rest.length() > 1 && rest.charAt(0) == '=') {
        found.add(flag, rest.substring(1));
        return false;
      }
      if (flag.isToggle()) {
        found.add(flag, "true");
        continue;
      }
      if (!rest.isEmpty()) {
        found.add(flag, rest);
        return false;
      }
      if (next == null) {
        throw new UsageException(
            "flag needs an argument: '" + letter + "' in -" + word.substring(at));
      }
      found.add(flag, next);
      return true;
    }
    return false;
  }
}
