package io.kapsel.arch;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Links of Markdown documents to files of this checkout. */
final class Links {
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");

  private Links() {}

  /** A finding for each relative link whose target does not exist. */
  static List<Tidy.Finding> broken(Path root, String path, String text) {
    List<Tidy.Finding> findings = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      Matcher matcher = LINK.matcher(lines.get(i));
      while (matcher.find()) {
        if (leadsNowhere(root, path, matcher.group(1))) {
          findings.add(new Tidy.Finding(path, i + 1, "leads nowhere: " + matcher.group(1)));
        }
      }
    }
    return findings;
  }

  private static boolean leadsNowhere(Path root, String path, String target) {
    if (target.contains("://") || target.startsWith("#") || target.startsWith("mailto:")) {
      return false;
    }
    String file = target.replaceFirst("#.*", "");
    Path parent = Path.of(path).getParent();
    Path from = parent == null ? root : root.resolve(parent);
    return !Files.exists(from.resolve(file));
  }
}
