package io.kapsel.network.cni;

import io.kapsel.base.JsonException;
import io.kapsel.base.JsonTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A network configuration: the plugins of a network, in order, and what each is told (section 1 of
 * the specification).
 *
 * @param versions of the specification that it may be used with
 */
public record CniList(
    String name,
    List<String> versions,
    boolean disableCheck,
    boolean disableGc,
    List<Map<String, Object>> plugins) {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}");
  private static final Pattern TYPE = Pattern.compile("[^/\\s\\p{Cntrl}]{1,255}");
  private static final int MOST_PLUGINS = 32;
  private static final int LARGEST = 1 << 20;

  /** Checks names and numbers. */
  public CniList {
    versions = List.copyOf(versions);
    plugins = List.copyOf(plugins);
    require(NAME.matcher(name).matches(), "'" + name + "' is not a name for a network");
    require(!plugins.isEmpty(), "it has no plugins");
    require(plugins.size() <= MOST_PLUGINS, "it has " + plugins.size() + " plugins");
    for (Map<String, Object> each : plugins) {
      String type = text(each, "type").orElse("");
      require(
          TYPE.matcher(type).matches() && !type.startsWith("."),
          "'" + type + "' is not the type of a plugin");
      for (String key : each.keySet()) {
        require(
            !List.of("runtimeConfig", "prevResult").contains(key) && !key.startsWith("cni.dev/"),
            "plugin '%s' has '%s', which only the engine may say".formatted(type, key));
      }
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new CniException(otherwise);
    }
  }

  /** That of a file, or of the file in {@code directory} that says it has that name. */
  public static CniList find(String fileOrName, Path directory) {
    if (fileOrName.startsWith("/")) {
      return read(Path.of(fileOrName));
    }
    for (Path file : files(directory, ".conflist", ".conf", ".json")) {
      if (name(file).filter(fileOrName::equals).isPresent()) {
        return read(file);
      }
    }
    throw new CniException(
        "no file in %s has the name '%s'; an absolute path names a file"
            .formatted(directory, fileOrName));
  }

  /** What cannot be read there is not what is looked for. */
  private static Optional<String> name(Path file) {
    try {
      return text(object(JsonTree.read(bytes(file))), "name");
    } catch (CniException | JsonException _) {
      return Optional.empty();
    }
  }

  private static List<Path> files(Path directory, String... endings) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all.filter(each -> Stream.of(endings).anyMatch(each.toString()::endsWith))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new CniException("cannot read '" + directory + "'", e);
    }
  }

  private static byte[] bytes(Path file) {
    try {
      if (Files.size(file) > LARGEST) {
        throw new CniException("'" + file + "' is larger than a megabyte");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new CniException("cannot read '" + file + "'", e);
    }
  }

  private static CniList read(Path file) {
    try {
      Map<String, Object> all = object(JsonTree.read(bytes(file)));
      return of(all, is(all, "loadOnlyInlinedPlugins") ? List.of() : beside(file, all));
    } catch (JsonException e) {
      throw new CniException("'" + file + "' " + e.getMessage(), e);
    } catch (CniException e) {
      throw new CniException("'" + file + "': " + e.reason(), e);
    }
  }

  /** The plugins of the directory that has the network's name, which may be all that it has. */
  private static List<Map<String, Object>> beside(Path file, Map<String, Object> all) {
    String name = text(all, "name").filter(it -> NAME.matcher(it).matches()).orElse("");
    List<Map<String, Object>> found = new ArrayList<>();
    if (!name.isEmpty()) {
      for (Path each : files(file.resolveSibling(name), ".conf")) {
        found.add(object(JsonTree.read(bytes(each))));
      }
    }
    return found;
  }

  /** From what {@link #text} wrote. */
  public static CniList parse(byte[] text) {
    return of(object(JsonTree.read(text)), List.of());
  }

  /** Before version 1.0 a file could also be the configuration of a single plugin. */
  private static CniList of(Map<String, Object> all, List<Map<String, Object>> beside) {
    List<String> versions = new ArrayList<>();
    text(all, "cniVersion").ifPresent(versions::add);
    if (all.get("cniVersions") instanceof List<?> more) {
      more.forEach(each -> versions.add(String.valueOf(each)));
    }
    List<Map<String, Object>> plugins = new ArrayList<>();
    if (all.get("plugins") instanceof List<?> each) {
      each.forEach(it -> plugins.add(object(it)));
    } else if (all.containsKey("type")) {
      plugins.add(all);
    }
    plugins.addAll(beside);
    return new CniList(
        text(all, "name").orElse(""),
        versions,
        is(all, "disableCheck"),
        is(all, "disableGC"),
        plugins);
  }

  /** All of it, in one text. */
  public byte[] text() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", name);
    all.put("cniVersions", versions);
    all.put("disableCheck", disableCheck);
    all.put("disableGC", disableGc);
    all.put("plugins", plugins);
    return JsonTree.write(all).getBytes(StandardCharsets.UTF_8);
  }

  /** The same in one version of the specification. */
  CniList in(String version) {
    return new CniList(name, List.of(version), disableCheck, disableGc, plugins);
  }

  /** Whether a plugin takes such arguments. */
  public boolean takes(String capability) {
    return plugins.stream().anyMatch(each -> takes(each, capability));
  }

  static boolean takes(Map<String, Object> plugin, String capability) {
    return plugin.get("capabilities") instanceof Map<?, ?> all
        && Boolean.TRUE.equals(all.get(capability));
  }

  @SuppressWarnings("unchecked") // names of a JSON object are texts
  static Map<String, Object> object(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw new CniException("where an object should be there is " + JsonTree.write(value));
  }

  static Optional<String> text(Map<String, Object> object, String name) {
    return Optional.ofNullable(object.get(name))
        .filter(String.class::isInstance)
        .map(String.class::cast);
  }

  private static boolean is(Map<String, Object> object, String name) {
    return Boolean.parseBoolean(String.valueOf(object.get(name)));
  }
}
