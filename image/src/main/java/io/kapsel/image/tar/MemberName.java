package io.kapsel.image.tar;

/** Names of members of archives, which come from anywhere. */
public final class MemberName {
  private static final int LONGEST = 4096;
  private static final int LONGEST_PART = 255;
  private static final int DEEPEST = 255;

  private MemberName() {}

  /** Without empty parts and dots; one that would lead out is refused. */
  public static String clean(String name) throws TarException {
    if (name.length() > LONGEST) {
      throw new TarException("a name is longer than 4096 bytes");
    }
    StringBuilder path = new StringBuilder(name.length());
    int depth = 0;
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (part.equals("..")) {
        throw new TarException("a name leads out of it: '" + shown(name) + "'");
      }
      if (part.indexOf('\0') >= 0 || part.length() > LONGEST_PART || ++depth > DEEPEST) {
        throw new TarException("a name is too long or too deep, or has a NUL");
      }
      path.append(path.isEmpty() ? "" : "/").append(part);
    }
    return path.toString();
  }

  /** For messages: not too long, and without control characters. */
  static String shown(String name) {
    String text = name.length() > 120 ? name.substring(0, 120) + "…" : name;
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  /** The directory of a clean path, with its slash; empty at the top. */
  public static String above(String path) {
    return path.substring(0, path.lastIndexOf('/') + 1);
  }

  /** The last part of a clean path. */
  public static String last(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
