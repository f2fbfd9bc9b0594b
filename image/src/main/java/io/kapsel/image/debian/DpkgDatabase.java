package io.kapsel.image.debian;

import io.kapsel.linux.Fd;
import io.kapsel.linux.RawText;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes what dpkg knows of packages that were unpacked and not configured yet, as if dpkg had
 * unpacked them; see dpkg(1), "FILES", and deb-triggers(5).
 */
final class DpkgDatabase {
  private static final String PLACE = "var/lib/dpkg";
  private static final List<String> DIRECTORIES =
      List.of("info", "alternatives", "parts", "triggers", "updates");

  private DpkgDatabase() {}

  /**
   * A package that was unpacked.
   *
   * @param control its own paragraph
   * @param conffiles paths and the MD5 of what they hold
   * @param triggers the lines of its file of that name
   */
  record Unpacked(
      DebianPackage each, Stanza control, Map<String, String> conffiles, List<String> triggers) {
    /** Copies map and list. */
    Unpacked {
      conffiles = Map.copyOf(conffiles);
      triggers = List.copyOf(triggers);
    }
  }

  /** Makes the directories. */
  static void prepare(TargetTree tree, String architecture) {
    for (String name : DIRECTORIES) {
      tree.directory(PLACE + "/" + name, 0755).close();
    }
    write(tree, "info", "format", "1\n");
    try (Fd place = tree.directory(PLACE, 0755)) {
      write(place, "arch", (architecture + "\n").getBytes(StandardCharsets.US_ASCII), 0644);
    }
  }

  /** Where the files of packages are. */
  static Fd info(TargetTree tree) {
    return tree.directory(PLACE + "/info", 0755);
  }

  /** How the files of a package begin. */
  static String prefix(DebianPackage each) {
    return each.multiArch().filter(it -> it.equals("same")).isPresent()
        ? each.name() + ":" + each.architecture()
        : each.name();
  }

  /** Writes the records of all packages. */
  static void write(TargetTree tree, Collection<Unpacked> all) {
    Map<String, Unpacked> sorted = new TreeMap<>();
    all.forEach(each -> sorted.put(each.each().name(), each));
    StringBuilder status = new StringBuilder();
    sorted.values().forEach(each -> status.append(paragraph(each)).append('\n'));
    try (Fd place = tree.directory(PLACE, 0755)) {
      write(place, "status", status.toString().getBytes(StandardCharsets.UTF_8), 0644);
    }
    triggers(tree, sorted.values());
  }

  /** The fields as the package has them; dpkg writes the file anew as soon as it configures. */
  static String paragraph(Unpacked unpacked) {
    StringBuilder text = new StringBuilder();
    unpacked
        .control()
        .all()
        .forEach((name, value) -> {
          text.append(name).append(": ").append(value).append('\n');
          if (name.equals("Package")) {
            text.append("Status: install ok unpacked\n");
          }
        });
    if (!unpacked.conffiles().isEmpty()) {
      text.append("Conffiles:\n");
      new TreeMap<>(unpacked.conffiles())
          .forEach(
              (path, md5) -> text.append(' ').append(path).append(' ').append(md5).append('\n'));
    }
    return text.toString();
  }

  private static void triggers(TargetTree tree, Collection<Unpacked> all) {
    Map<String, List<String>> named = new TreeMap<>();
    List<String> files = new ArrayList<>();
    for (Unpacked unpacked : all) {
      for (String line : unpacked.triggers()) {
        String[] words = line.strip().split("\\s+");
        if (words.length != 2 || !words[0].matches("interest(-await|-noawait)?")) {
          continue;
        }
        String who =
            prefix(unpacked.each()) + (words[0].equals("interest-noawait") ? "/noawait" : "");
        if (words[1].startsWith("/")) {
          files.add(words[1] + " " + who);
        } else {
          named.computeIfAbsent(words[1], _ -> new ArrayList<>()).add(who);
        }
      }
    }
    write(tree, "triggers", "File", lines(files));
    write(tree, "triggers", "Unincorp", "");
    named.forEach((name, whose) -> write(tree, "triggers", name, lines(whose)));
  }

  private static String lines(List<String> lines) {
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }

  /**
   * Writes which packages are there for others' sake, so that apt may remove them with those; see
   * apt-mark(8).
   */
  static void writeAutomatic(
      TargetTree tree, List<DebianPackage> all, Set<String> automatic, String architecture) {
    StringBuilder text = new StringBuilder();
    all.stream()
        .filter(each -> automatic.contains(each.name()))
        .sorted(java.util.Comparator.comparing(DebianPackage::name))
        .forEach(each ->
            text.append("Package: ")
                .append(each.name())
                .append("\nArchitecture: ")
                .append(architecture)
                .append("\nAuto-Installed: 1\n\n"));
    try (Fd place = tree.directory("var/lib/apt", 0755)) {
      write(place, "extended_states", text.toString().getBytes(StandardCharsets.UTF_8), 0644);
    }
  }

  /** Writes down for the script which files only a diversion can settle. */
  static void writeContested(TargetTree tree, List<FileOwners.Contested> all) {
    StringBuilder text = new StringBuilder();
    for (FileOwners.Contested each : all) {
      String path = each.path();
      int slash = path.lastIndexOf('/') + 1;
      String waiting = FileOwners.aside(path.substring(slash), each.waiting().order());
      text.append(each.waiting().each().name())
          .append('\t')
          .append(each.other().each().name())
          .append('\t')
          .append(path)
          .append('\t')
          .append(path, 0, slash)
          .append(waiting)
          .append('\n');
    }
    if (!all.isEmpty()) {
      try (Fd place = tree.directory(PLACE, 0755)) {
        write(place, ConfigurationScript.CONTESTED, RawText.encode(text.toString()), 0644);
      }
    }
  }

  private static void write(TargetTree tree, String directory, String name, String text) {
    try (Fd place = tree.directory(PLACE + "/" + directory, 0755)) {
      write(place, name, text.getBytes(StandardCharsets.UTF_8), 0644);
    }
  }

  /** Writes a file that may be there already. */
  static void write(Fd directory, String name, byte[] bytes, int mode) {
    Entries.unlink(directory, name);
    OpenHow how =
        OpenHow.of(OpenFlags.WRITE | OpenFlags.EXCLUSIVE)
            .creating(0600)
            .resolving(OpenHow.BENEATH | OpenHow.NO_LINKS);
    try (Fd file = Open.at(directory, name, how)) {
      Content.write(file, bytes, 0, bytes.length);
      Attributes.mode(file, mode);
    }
  }
}
