package io.kapsel.image.debian;

import java.math.BigInteger;
import java.util.regex.Pattern;

/**
 * The version of a package, ordered as Debian Policy, 5.6.12, says: epoch, upstream version, Debian
 * revision. Versions that are equal in that order may differ in text ({@code 1.0} and {@code
 * 1.0-0}).
 */
public record PackageVersion(String text) implements Comparable<PackageVersion> {
  private static final int LONGEST = 1024;
  private static final Pattern FORM =
      Pattern.compile("(\\d+:)?[A-Za-z0-9][A-Za-z0-9.+~:-]*(-[A-Za-z0-9+.~]+)?");

  /** Checks the form; real archives break the rule that it begins with a digit. */
  public PackageVersion {
    if (text.length() > LONGEST || !FORM.matcher(text).matches()) {
      throw new IllegalArgumentException("'" + shown(text) + "' is not a package version");
    }
  }

  @Override
  public int compareTo(PackageVersion other) {
    int epochs = epoch().compareTo(other.epoch());
    if (epochs != 0) {
      return epochs;
    }
    int upstream = compareParts(upstream(), other.upstream());
    return upstream != 0 ? upstream : compareParts(revision(), other.revision());
  }

  private BigInteger epoch() {
    int colon = text.indexOf(':');
    String digits = colon < 0 ? "" : text.substring(0, colon);
    boolean number = !digits.isEmpty() && digits.chars().allMatch(PackageVersion::isDigit);
    return number ? new BigInteger(digits) : BigInteger.ZERO;
  }

  private String upstream() {
    String rest = text.substring(text.indexOf(':') + 1);
    int hyphen = rest.lastIndexOf('-');
    return hyphen < 0 ? rest : rest.substring(0, hyphen);
  }

  private String revision() {
    int hyphen = text.lastIndexOf('-');
    return hyphen < 0 ? "" : text.substring(hyphen + 1);
  }

  private static int compareParts(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() || j < b.length()) {
      while (isText(a, i) || isText(b, j)) {
        int difference = weight(a, i) - weight(b, j);
        if (difference != 0) {
          return difference;
        }
        i++;
        j++;
      }
      int endA = digits(a, i);
      int endB = digits(b, j);
      int difference = compareNumbers(a.substring(i, endA), b.substring(j, endB));
      if (difference != 0) {
        return difference;
      }
      i = endA;
      j = endB;
    }
    return 0;
  }

  private static boolean isText(String part, int at) {
    return at < part.length() && !isDigit(part.charAt(at));
  }

  /** A tilde sorts before the end, the end before letters, letters before everything else. */
  private static int weight(String part, int at) {
    if (at >= part.length() || isDigit(part.charAt(at))) {
      return 0;
    }
    char c = part.charAt(at);
    if (c == '~') {
      return -1;
    }
    boolean letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return letter ? c : c + 256;
  }

  private static int digits(String part, int from) {
    int end = from;
    while (end < part.length() && isDigit(part.charAt(end))) {
      end++;
    }
    return end;
  }

  /** Decimal numbers of any length. */
  private static int compareNumbers(String a, String b) {
    String x = a.replaceFirst("^0+", "");
    String y = b.replaceFirst("^0+", "");
    return x.length() != y.length() ? x.length() - y.length() : x.compareTo(y);
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static String shown(String text) {
    return text.length() > 80 ? text.substring(0, 80) + "…" : text;
  }

  @Override
  public String toString() {
    return text;
  }
}
