package io.kapsel.engine;

import io.kapsel.engine.system.HostKeys;
import io.kapsel.engine.system.OwnFiles;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Gives a copy of a system an identity of its own, in the layer that it will write. */
final class Renewal {
  private static final Pattern HOSTNAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]{0,62})");

  private final Kapsel engine;
  private final Assembly assembly;

  Renewal(Kapsel engine, Assembly assembly) {
    this.engine = engine;
    this.assembly = assembly;
  }

  static boolean isHostname(String name) {
    return HOSTNAME.matcher(name).matches();
  }

  /**
   * Writes it.
   *
   * @param before the name of the one that was copied
   * @param noted the keys that it was to get and has not yet
   */
  void apply(String before, List<String> noted) {
    Path upper = assembly.upper();
    ContainerStore.resemble(upper, assembly.layers().getFirst());
    if (!assembly.spec().isSystem()) {
      return;
    }
    String hostname = assembly.identity().hostname(assembly.spec());
    OwnFiles.renew(upper, assembly.layers(), before, hostname);
    Set<String> all = new TreeSet<>(noted);
    all.addAll(keys());
    List<String> keys = List.copyOf(all);
    if (!keys.isEmpty()) {
      OwnFiles.hideAll(upper, HostKeys.DIRECTORY, keys);
      HostKeys.later(engine.store.stateOf(assembly.identity().id()), keys);
    }
  }

  private List<String> keys() {
    try (LayeredDirectory ssh = LayeredDirectory.find(assembly.layers(), HostKeys.DIRECTORY)) {
      return keys(ssh.parts());
    }
  }

  /** The names of what is visible of the keys of its host: what is further up counts. */
  static List<String> keys(List<Fd> parts) {
    Map<String, Boolean> files = new TreeMap<>();
    for (Fd part : parts) {
      Entries.each(
          part,
          entry -> {
            if (HostKeys.isKey(entry.name())) {
              files.putIfAbsent(
                  entry.name(), Attributes.status(part, entry.name()).type() == FileType.REGULAR);
            }
          });
    }
    return files.keySet().stream().filter(files::get).toList();
  }
}
