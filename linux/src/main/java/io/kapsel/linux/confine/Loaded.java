package io.kapsel.linux.confine;

import io.kapsel.linux.host.Overlayfs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleReader;
import java.lang.module.ResolvedModule;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
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
    Overlayfs.find(); // inside, nothing tells whose host this is
    for (String each : OURS) {
      classes(Confinement.class, each);
    }
  }

  /** All classes of a package of the module that {@code member} is of; the first time only. */
  public static void classes(Class<?> member, String packageName) {
    boolean named = member.getModule().isNamed();
    String key = named ? packageName : place(member) + " " + packageName;
    if (DONE.contains(key)) {
      return;
    }
    if (named) {
      load(member.getModule(), packageName);
    } else {
      load(member, packageName);
    }
    DONE.add(key);
  }

  /** On the class path: a jar stays open, but files of a directory are opened one by one. */
  private static void load(Class<?> member, String packageName) {
    Path directory = place(member).resolve(packageName.replace('.', '/'));
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (String name : files.map(file -> file.getFileName().toString()).toList()) {
        if (name.endsWith(".class") && !name.endsWith("-info.class")) {
          String simple = name.substring(0, name.length() - ".class".length());
          Class.forName(packageName + "." + simple, false, member.getClassLoader());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new AssertionError("a class is not where it was found", e);
    }
  }

  private static Path place(Class<?> member) {
    CodeSource source = member.getProtectionDomain().getCodeSource();
    URL location = source == null ? null : source.getLocation();
    return Path.of(location == null ? "/" : location.getPath());
  }

  private static void load(Module module, String packageName) {
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
