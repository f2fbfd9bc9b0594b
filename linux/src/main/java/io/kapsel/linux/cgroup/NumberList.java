package io.kapsel.linux.cgroup;

import java.util.ArrayList;
import java.util.List;

/** Processors or memory nodes as the kernel lists them, such as {@code 0-2,5}; see cpuset(7). */
public record NumberList(List<Range> ranges) {
  private static final int MOST = 1 << 16;

  /** From a first to a last number, both included. */
  public record Range(int first, int last) {}

  /** Copies the list. */
  public NumberList {
    ranges = List.copyOf(ranges);
  }

  /** Reads a list; {@code what} says in errors of what. */
  public static NumberList parse(String what, String text) {
    List<Range> ranges = new ArrayList<>();
    for (String part : text.strip().split(",", -1)) {
      String[] ends = part.split("-", -1);
      if (ends.length > 2) {
        throw refused(what, text);
      }
      int first = number(what, text, ends[0]);
      int last = ends.length == 1 ? first : number(what, text, ends[1]);
      if (last < first) {
        throw refused(what, text);
      }
      ranges.add(new Range(first, last));
    }
    return new NumberList(List.copyOf(ranges));
  }

  /** The largest number in it. */
  public int largest() {
    return ranges.stream().mapToInt(Range::last).max().orElse(-1);
  }

  /** The same as an array of 64-bit words with one bit for each, least significant first. */
  public byte[] mask() {
    byte[] bits = new byte[(largest() / Long.SIZE + 1) * Long.BYTES];
    for (Range range : ranges) {
      for (int number = range.first(); number <= range.last(); number++) {
        bits[number / Byte.SIZE] |= (byte) (1 << (number % Byte.SIZE));
      }
    }
    return bits;
  }

  private static int number(String what, String text, String digits) {
    if (!digits.matches("[0-9]{1,5}") || Integer.parseInt(digits) >= MOST) {
      throw refused(what, text);
    }
    return Integer.parseInt(digits);
  }

  private static CgroupException refused(String what, String text) {
    return new CgroupException(
        "cannot use %s '%s': it is not a list such as '0-2,5'".formatted(what, text));
  }
}
