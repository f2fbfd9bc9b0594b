package io.kapsel.linux.nftables;

import java.time.Duration;
import java.util.List;

/**
 * A set of keys, or a map from keys to values or verdicts, in a table.
 *
 * @param verdicts whether it maps to verdicts
 * @param value the parts of what it maps to otherwise
 * @param seconds after which what packets put into it goes away, 0: nothing is put by packets
 * @param spans whether an element is all keys from one to another one, in each part of the key
 */
public record NamedSet(
    Table table,
    String name,
    List<Field> key,
    List<Field> value,
    boolean verdicts,
    int seconds,
    boolean spans) {
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
    return new NamedSet(table, name, List.of(key), List.of(), false, 0, false);
  }

  /** A set that packets write. */
  public static NamedSet written(Table table, String name, int seconds, Field... key) {
    return new NamedSet(table, name, List.of(key), List.of(), false, seconds, false);
  }

  /** A map to values. */
  public NamedSet to(Field... parts) {
    return new NamedSet(table, name, key, List.of(parts), false, 0, spans);
  }

  /** A map to verdicts. */
  public NamedSet toVerdicts() {
    return new NamedSet(table, name, key, List.of(), true, 0, spans);
  }

  /** The same for spans of keys, of which there are few: each change costs more than a key's. */
  public NamedSet ofSpans() {
    return new NamedSet(table, name, key, value, verdicts, seconds, true);
  }

  /** One element: a key alone. */
  public Element element(byte[]... parts) {
    return new Element(Field.encode(key, List.of(parts)), new byte[0], Verdict.NONE, 0);
  }

  /** One element of a map of spans: all keys between the two, both included. */
  public Element span(List<byte[]> first, List<byte[]> last, List<byte[]> values) {
    return new Element(
        Field.encode(key, first),
        Field.encode(value, values),
        Verdict.NONE,
        0,
        Field.encode(key, last));
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
    private final byte[] last;

    Element(byte[] key, byte[] value, Verdict verdict, long millis) {
      this(key, value, verdict, millis, new byte[0]);
    }

    Element(byte[] key, byte[] value, Verdict verdict, long millis, byte[] last) {
      this.last = last;
      this.key = key;
      this.value = value;
      this.verdict = verdict;
      this.millis = millis;
    }

    /** The same key in a set that maps it to nothing. */
    public Element alone() {
      return new Element(key, new byte[0], Verdict.NONE, 0, last);
    }

    byte[] last() {
      return last;
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
