package io.kapsel.engine.files;

import java.util.ArrayDeque;
import java.util.Deque;

/** Paths as users write them for a copy: what stands at their end has a meaning. */
public final class PathText {
  private PathText() {}

  /** An absolute path without dots, doubled slashes and a slash at its end. */
  public static String clean(String path) {
    Deque<String> parts = new ArrayDeque<>();
    for (String part : path.split("/", -1)) {
      if (part.equals("..")) {
        parts.pollLast();
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.addLast(part);
      }
    }
    return "/" + String.join("/", parts);
  }

  /** Whether it can only mean a directory. */
  public static boolean saysDirectory(String path) {
    return path.endsWith("/") || saysContent(path);
  }

  /** Whether it means what is in a directory. */
  public static boolean saysContent(String path) {
    return path.equals(".") || path.endsWith("/.");
  }

  /** The directory that a clean path stands in. */
  public static String parent(String clean) {
    int slash = clean.lastIndexOf('/');
    return slash <= 0 ? "/" : clean.substring(0, slash);
  }

  /** The last part of a clean path; the top has {@code /}. */
  public static String base(String clean) {
    return clean.equals("/") ? "/" : clean.substring(clean.lastIndexOf('/') + 1);
  }
}
