package io.kapsel.image.debian;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a {@code Release} file says of a suite; see the wiki of Debian, "DebianRepository/Format".
 *
 * @param files by their paths below the suite's directory
 */
public record Release(
    Optional<String> suite,
    Optional<String> codename,
    List<String> components,
    Instant date,
    Optional<Instant> validUntil,
    boolean byHash,
    Map<String, File> files) {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss z", Locale.ROOT);
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  /** The size and the SHA-256, in hexadecimal, of a file. */
  public record File(String sha256, long size) {}

  /** Copies list and map. */
  public Release {
    components = List.copyOf(components);
    files = Map.copyOf(files);
  }

  /**
   * Reads the text, whose signature was checked.
   *
   * @throws IllegalArgumentException when a field is missing or malformed
   */
  public static Release parse(String text) {
    Stanza stanza = Stanza.parse(text);
    return new Release(
        stanza.find("Suite"),
        stanza.find("Codename"),
        stanza.words("Components"),
        date(stanza.value("Date")),
        stanza.find("Valid-Until").map(Release::date),
        stanza.isYes("Acquire-By-Hash"),
        files(stanza.value("SHA256")));
  }

  /** The file at that path, if the suite has it. */
  public Optional<File> file(String path) {
    return Optional.ofNullable(files.get(path));
  }

  private static Instant date(String text) {
    try {
      return ZonedDateTime.parse(text.strip(), DATE).toInstant();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("'" + text + "' is not a date", e);
    }
  }

  private static Map<String, File> files(String lines) {
    Map<String, File> files = new HashMap<>();
    for (String line : lines.split("\n", -1)) {
      if (line.isBlank()) {
        continue;
      }
      String[] parts = line.strip().split("\\s+");
      if (parts.length != 3 || !HASH.matcher(parts[0]).matches()) {
        throw new IllegalArgumentException("'" + line.strip() + "' is not hash, size and path");
      }
      files.put(parts[2], new File(parts[0], Long.parseLong(parts[1])));
    }
    return files;
  }
}
