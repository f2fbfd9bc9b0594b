package io.kapsel.engine.files;

import java.io.IOException;

/** Names of members of archives, which come from anywhere. */
final class MemberName {
  private static final int LONGEST = 4096;
  private static final int LONGEST_PART = 255;
  private static final int DEEPEST = 255;

  private MemberName() {}

  /** Without empty parts and dots; one that leads up is refused. */
  static String clean(String name) throws IOException {
    if (name.length() > LONGEST) {
      throw new IOException("a name in the archive is longer than 4096 bytes");
    }
    StringBuilder path = new StringBuilder();
    int depth = 0;
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (part.equals("..")) {
        throw new IOException("a name in the archive leads out of it: '" + shown(name) + "'");
      }
      if (part.indexOf('\0') >= 0 || part.length() > LONGEST_PART || ++depth > DEEPEST) {
        throw new IOException("a name in the archive is too long or too deep, or has a NUL");
      }
      path.append(path.isEmpty() ? "" : "/").append(part);
    }
    return path.toString();
  }

  private static String shown(String name) {
    String text = name.length() > 120 ? name.substring(0, 120) + "…" : name;
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  /** The directory of a clean path, with its slash; empty at the top. */
  static String above(String path) {
    return path.substring(0, path.lastIndexOf('/') + 1);
  }

  /** The last part of a clean path. */
  static String last(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
