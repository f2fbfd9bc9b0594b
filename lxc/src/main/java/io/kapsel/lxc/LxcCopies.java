package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.Snapshot;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Programs that make containers, take them away, and keep what they were. */
final class LxcCopies {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy:MM:dd HH:mm:ss", Locale.ROOT)
          .withZone(ZoneId.systemDefault());

  static final Map<String, LxcFront.Tool> TOOLS = tools();

  private LxcCopies() {}

  private static Map<String, LxcFront.Tool> tools() {
    Map<String, LxcFront.Tool> all = new LinkedHashMap<>();
    all.put(
        "lxc-create",
        new LxcFront.Tool(
            "f:config= t:template= B:bdev= :dir= :lvname= :vgname= :thinpool= :rbdname= :rbdpool= :zfsroot="
                + " :fstype= :fssize=",
            true,
            "makes a container",
            LxcCreation::run));
    all.put(
        "lxc-destroy",
        new LxcFront.Tool("f:force s:snapshots", true, "removes a container", LxcCopies::destroy));
    all.put(
        "lxc-snapshot",
        new LxcFront.Tool(
            "L:list r:restore= N:newname= d:destroy= c:comment= C:showcomments",
            true,
            "keeps what a container is, and goes back to that",
            LxcCopies::snapshot));
    all.put(
        "lxc-copy",
        new LxcFront.Tool(
            "N:newname= p:newpath= R:rename s:snapshot a:allowrunning e:ephemeral K:keepname M:keepmac"
                + " D:keepdata m:mount= F:foreground d:daemon B:backingstorage= t:tmpfs L:fssize=",
            true,
            "makes a container like another",
            LxcCopy::run));
    return all;
  }

  private static int destroy(LxcCall call) {
    LxcPlace place = call.place();
    String name = call.name();
    if (!place.exists(name)) {
      throw new LxcException("Container is not defined");
    }
    if (place.isRunning(name) && !call.options().has("force")) {
      throw new LxcException(name + " is running");
    }
    Optional<Container> container = place.container(name);
    boolean snapshots = container.filter(it -> !it.snapshots().list().isEmpty()).isPresent();
    if (snapshots && !call.options().has("snapshots")) {
      throw new LxcException("Destroying " + name + " failed: " + name + " has snapshots");
    }
    Path own = place.directory().resolve(name);
    for (String other : place.names()) {
      if (!other.equals(name) && standsOn(place, other, own)) {
        throw new LxcException(
            "Destroying %s failed: '%s' stands on its files".formatted(name, other));
      }
    }
    LxcHooks.of(place, name, LxcSource.USUAL).ifPresent(it -> it.run("destroy", ""));
    if (container.isPresent()) {
      int _ =
          call.caller()
              .waiting(() -> {
                container.get().remove(true);
                return 0;
              });
    }
    delete(place.directory(), name);
    return 0;
  }

  private static boolean standsOn(LxcPlace place, String other, Path own) {
    try {
      return place
          .config(other)
          .flatMap(config -> config.value("lxc.rootfs.path"))
          .filter(path -> LxcRoot.directories(path).stream().anyMatch(each -> each.startsWith(own)))
          .isPresent();
    } catch (LxcException e) {
      return false; // whatever it is, it cannot be started
    }
  }

  /** What was in a container's directory that was there before stays in it. */
  static void discard(Path directory, String name, boolean found) {
    delete(found ? directory.resolve(name) : directory, found ? "config" : name);
  }

  static void delete(Path directory, String name) {
    if (Files.isDirectory(directory)) {
      try (Fd parent = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
        Trees.delete(parent, name);
      }
    }
  }

  private static int snapshot(LxcCall call) {
    LxcOptions options = call.options();
    if (!call.place().exists(call.name())) {
      throw new LxcException("No such container: " + call.place().directory() + ":" + call.name());
    }
    if (options.has("list")) {
      return listed(call);
    }
    if (options.has("restore")) {
      return restored(call, options.last("restore").orElseThrow());
    }
    Container container = call.place().container(call.name()).orElseGet(call::current);
    if (options.has("destroy")) {
      String which = options.last("destroy").orElseThrow();
      List<String> names =
          which.equals("ALL")
              ? container.snapshots().list().stream().map(Snapshot::name).toList()
              : List.of(which);
      names.forEach(container.snapshots()::remove);
      return 0;
    }
    String comment =
        options
            .last("comment")
            .map(file -> read(call.caller().directory().resolve(file)))
            .orElse("");
    container.snapshots().take(Optional.empty(), comment, Optional.empty());
    return 0;
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new LxcException("cannot read '" + file + "': " + e.getMessage());
    }
  }

  private static int listed(LxcCall call) {
    List<Snapshot> all =
        call.place().container(call.name()).map(it -> it.snapshots().list()).orElse(List.of());
    if (all.isEmpty()) {
      call.print("No snapshots");
      return 0;
    }
    Path where = call.place().directory().resolve(call.name()).resolve("snaps");
    for (Snapshot each : all) {
      call.print("%s (%s) %s".formatted(each.name(), where, TIME.format(each.createdAt())));
      if (call.options().has("showcomments")) {
        call.caller().out(each.comment());
      }
    }
    return 0;
  }

  /** Under another name it becomes a container of its own. */
  private static int restored(LxcCall call, String snapshot) {
    Optional<String> other = call.options().last("newname").filter(it -> !it.equals(call.name()));
    if (other.isPresent()) {
      LxcCopy.restore(call, snapshot, other.get());
      return 0;
    }
    Container container =
        call.place()
            .container(call.name())
            .orElseThrow(() -> new LxcException("there is no snapshot '" + snapshot + "'"));
    if (call.place().isRunning(call.name())) {
      throw new LxcException(call.name() + " is running");
    }
    return call.caller()
        .waiting(() -> {
          container.snapshots().restore(snapshot);
          return 0;
        });
  }

  static void write(Path file, String text) {
    try {
      Path directory = file.getParent();
      if (directory != null) {
        Files.createDirectories(directory);
      }
      Files.writeString(file, text, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new LxcException("cannot write '" + file + "': " + e.getMessage());
    }
  }
}
