package io.kapsel.image.debian;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A suite of an archive as the host's apt knows it; see sources.list(5).
 *
 * @param signedBy the files with the keys; empty: those that apt trusts for everything
 */
public record AptSource(URI uri, String suite, List<String> components, List<Path> signedBy) {
  /** Copies the lists; the address ends in a slash. */
  public AptSource {
    components = List.copyOf(components);
    signedBy = List.copyOf(signedBy);
    uri = uri.toString().endsWith("/") ? uri : URI.create(uri + "/");
  }

  /** All binary sources that are enabled below {@code etc}, such as {@code /etc/apt}. */
  public static List<AptSource> read(Path etc) throws IOException {
    List<AptSource> all = new ArrayList<>();
    Path single = etc.resolve("sources.list");
    if (Files.isRegularFile(single)) {
      all.addAll(lines(Files.readString(single, StandardCharsets.UTF_8)));
    }
    Path parts = etc.resolve("sources.list.d");
    if (Files.isDirectory(parts)) {
      try (Stream<Path> files = Files.list(parts)) {
        for (Path file : files.sorted().toList()) {
          all.addAll(part(file));
        }
      }
    }
    return all;
  }

  private static List<AptSource> part(Path file) throws IOException {
    String name = file.getFileName().toString();
    if (name.endsWith(".list")) {
      return lines(Files.readString(file, StandardCharsets.UTF_8));
    }
    return name.endsWith(".sources")
        ? paragraphs(Files.readString(file, StandardCharsets.UTF_8))
        : List.of();
  }

  /** Sources in lines that begin with {@code deb}. Others, and broken ones, are left out. */
  static List<AptSource> lines(String text) {
    return text.lines()
        .map(line -> line.replaceFirst("#.*", "").strip())
        .filter(line -> line.matches("deb\\s.*"))
        .flatMap(line -> line(line).stream())
        .toList();
  }

  private static List<AptSource> line(String line) {
    Map<String, String> options = new TreeMap<>();
    String rest = line.substring("deb".length()).strip();
    if (rest.startsWith("[") && rest.contains("]")) {
      for (String option : rest.substring(1, rest.indexOf(']')).strip().split("\\s+")) {
        int equals = option.indexOf('=');
        options.put(option.substring(0, Math.max(equals, 0)), option.substring(equals + 1));
      }
      rest = rest.substring(rest.indexOf(']') + 1).strip();
    }
    List<String> words = List.of(rest.split("\\s+"));
    List<Path> keys = keys(options.getOrDefault("signed-by", "").replace(',', ' '));
    return words.size() < 2
        ? List.of()
        : of(words.subList(0, 1), words.subList(1, 2), words.subList(2, words.size()), keys);
  }

  /** Sources in the form of control files. */
  static List<AptSource> paragraphs(String text) {
    List<AptSource> all = new ArrayList<>();
    List<Stanza> stanzas;
    try {
      stanzas = Stanza.parseAll(text);
    } catch (IllegalArgumentException e) {
      return all;
    }
    for (Stanza stanza : stanzas) {
      boolean disabled = stanza.find("Enabled").map(it -> it.matches("no|false")).orElse(false);
      if (stanza.words("Types").contains("deb") && !disabled) {
        all.addAll(
            of(
                stanza.words("URIs"),
                stanza.words("Suites"),
                stanza.words("Components"),
                keys(stanza.find("Signed-By").orElse(""))));
      }
    }
    return all;
  }

  private static List<AptSource> of(
      List<String> uris, List<String> suites, List<String> components, List<Path> keys) {
    List<AptSource> all = new ArrayList<>();
    for (String uri : uris) {
      for (String suite : suites) {
        if (!suite.endsWith("/") && uri.matches("[a-z]+://?[^\\s]+|file:/[^\\s]*")) {
          all.add(new AptSource(URI.create(uri), suite, components, keys));
        }
      }
    }
    return all;
  }

  private static List<Path> keys(String text) {
    return Arrays.stream(text.strip().split("\\s+"))
        .filter(word -> word.startsWith("/"))
        .map(Path::of)
        .toList();
  }

  @Override
  public String toString() {
    return "deb "
        + uri.toString().replaceFirst("/$", "")
        + " "
        + suite
        + " "
        + String.join(" ", components);
  }
}
