package io.kapsel.linux.nftables;

import java.time.Duration;
import java.util.List;

/**
 * A set of keys, or a map from keys to values or verdicts, in a table.
 *
 * @param verdicts whether it maps to verdicts
 * @param value the parts of what it maps to otherwise
 * @param seconds after which what packets put into it goes away, 0: nothing is put by packets
 */
public record NamedSet(
    Table table, String name, List<Field> key, List<Field> value, boolean verdicts, int seconds) {
  /** Checks that it has a key. */
  public NamedSet {
    key = List.copyOf(key);
    value = List.copyOf(value);
    if (key.isEmpty()) {
      throw new IllegalArgumentException("the set '" + name + "' has no key");
    }
  }

  /** A set of keys. */
  public static NamedSet of(Table table, String name, Field... key) {
    return new NamedSet(table, name, List.of(key), List.of(), false, 0);
  }

  /** A set that packets write. */
  public static NamedSet written(Table table, String name, int seconds, Field... key) {
    return new NamedSet(table, name, List.of(key), List.of(), false, seconds);
  }

  /** A map to values. */
  public NamedSet to(Field... parts) {
    return new NamedSet(table, name, key, List.of(parts), false, 0);
  }

  /** A map to verdicts. */
  public NamedSet toVerdicts() {
    return new NamedSet(table, name, key, List.of(), true, 0);
  }

  /** One element: a key alone. */
  public Element element(byte[]... parts) {
    return new Element(Field.encode(key, List.of(parts)), new byte[0], Verdict.NONE, 0);
  }

  /** One element that goes away after a while, of a set whose elements do. */
  public Element element(Duration life, byte[]... parts) {
    byte[] encoded = Field.encode(key, List.of(parts));
    return new Element(encoded, new byte[0], Verdict.NONE, Math.max(1, life.toMillis()));
  }

  /** One element of a map. */
  public Element element(List<byte[]> parts, List<byte[]> values) {
    return new Element(Field.encode(key, parts), Field.encode(value, values), Verdict.NONE, 0);
  }

  /** One element of a map to verdicts. */
  public Element element(Verdict verdict, byte[]... parts) {
    return new Element(Field.encode(key, List.of(parts)), new byte[0], verdict, 0);
  }

  /** What is in a set. */
  public static final class Element {
    private final byte[] key;
    private final byte[] value;
    private final Verdict verdict;
    private final long millis;

    Element(byte[] key, byte[] value, Verdict verdict, long millis) {
      this.key = key;
      this.value = value;
      this.verdict = verdict;
      this.millis = millis;
    }

    /** The same key in a set that maps it to nothing. */
    public Element alone() {
      return new Element(key, new byte[0], Verdict.NONE, 0);
    }

    byte[] key() {
      return key;
    }

    byte[] value() {
      return value;
    }

    Verdict verdict() {
      return verdict;
    }

    long millis() {
      return millis;
    }
  }
}
