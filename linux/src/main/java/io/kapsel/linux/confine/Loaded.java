package io.kapsel.linux.confine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleReader;
import java.lang.module.ResolvedModule;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Classes that are loaded before a thread is confined: inside it would not find the files that they
 * come from.
 */
public final class Loaded {
  private static final Set<String> DONE = ConcurrentHashMap.newKeySet();
  private static final List<String> OURS =
      List.of("io.kapsel.linux", "io.kapsel.linux.file", "io.kapsel.linux.confine");

  private Loaded() {}

  /** Those of this module that deal with files. */
  static void classes() {
    for (String each : OURS) {
      classes(Confinement.class, each);
    }
  }

  /** All classes of a package of the module that {@code member} is of; the first time only. */
  public static void classes(Class<?> member, String packageName) {
    if (DONE.contains(packageName)) {
      return;
    }
    load(member.getModule(), packageName);
    DONE.add(packageName);
  }

  private static void load(Module module, String packageName) {
    if (!module.isNamed()) {
      return; // on the class path, where nobody knows what there is
    }
    ResolvedModule found =
        module.getLayer().configuration().findModule(module.getName()).orElseThrow();
    String directory = packageName.replace('.', '/') + "/";
    try (ModuleReader reader = found.reference().open();
        Stream<String> names = reader.list()) {
      names
          .filter(name -> name.startsWith(directory) && name.endsWith(".class"))
          .filter(name -> name.indexOf('/', directory.length()) < 0)
          .filter(name -> !name.endsWith("-info.class"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .forEach(name -> Class.forName(module, name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
