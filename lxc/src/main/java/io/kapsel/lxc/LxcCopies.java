package io.kapsel.lxc;

import io.kapsel.engine.Cloning;
import io.kapsel.engine.Container;
import io.kapsel.engine.Snapshot;
import io.kapsel.engine.spec.MountRequest;
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
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** Programs that make containers, take them away, and keep what they were. */
final class LxcCopies {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy:MM:dd HH:mm:ss", Locale.ROOT)
          .withZone(ZoneId.systemDefault());

  private static final Pattern ADDRESS =
      Pattern.compile("(?m)^(\\s*lxc\\.net\\.\\d+\\.hwaddr\\s*=\\s*).*$");

  /** What hardware addresses that LXC gives begin with. */
  private static final String OF_LXC = "00:16:3e";

  static final Map<String, LxcFront.Tool> TOOLS = tools();

  private LxcCopies() {}

  private static Map<String, LxcFront.Tool> tools() {
    Map<String, LxcFront.Tool> all = new LinkedHashMap<>();
    all.put(
        "lxc-create",
        new LxcFront.Tool(
            "f:config= t:template= B:bdev= :dir=", true, "makes a container", LxcCreation::run));
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
            "N:newname= R:rename s:snapshot a:allowrunning e:ephemeral K:keepname M:keepmac D:keepdata"
                + " m:mount= F:foreground d:daemon B:backingstorage=",
            true,
            "makes a container like another",
            LxcCopies::copy));
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
    LxcHooks.of(place, name).ifPresent(it -> it.run("destroy", ""));
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
          .map(path -> path.startsWith("dir:") ? path.substring("dir:".length()) : path)
          .filter(path -> path.startsWith("/") && Path.of(path).startsWith(own))
          .isPresent();
    } catch (LxcException e) {
      return false; // whatever it is, it cannot be started
    }
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
      copy(call, Optional.of(snapshot), other.get(), false);
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

  private static int copy(LxcCall call) {
    LxcOptions options = call.options();
    if (!call.place().exists(call.name())) {
      throw new LxcException("there is no such container");
    }
    boolean ephemeral = options.has("ephemeral");
    for (String without : List.of("foreground", "backingstorage")) {
      if (options.has(without)) {
        throw new LxcException("Kapsel cannot do that yet: --" + without);
      }
    }
    String name =
        options
            .last("newname")
            .or(() -> ephemeral ? Optional.of(free(call)) : Optional.empty())
            .orElseThrow(() -> new LxcException("You must provide a NEWNAME for the clone."));
    if (options.has("rename")) {
      return rename(call, name);
    }
    call.place()
        .config(call.name())
        .flatMap(it -> it.last("lxc.hook.clone"))
        .ifPresent(it -> {
          throw it.wrong(
              "a copy is made of layers, which are mounted when it starts: use lxc.hook.mount or"
                  + " lxc.hook.start");
        });
    boolean running = call.place().isRunning(call.name());
    if (running && !ephemeral && !options.has("allowrunning")) {
      throw new LxcException(call.name() + " is running; --allowrunning copies it as it is");
    }
    List<MountRequest> mounts = mounts(call);
    if (!mounts.isEmpty() && !ephemeral) {
      throw new LxcException("--mount is for ephemeral copies");
    }
    Container copy = copy(call, Optional.empty(), name, ephemeral && !options.has("keepdata"));
    if (ephemeral) {
      mounts.forEach(mount -> copy.devices().add(mount));
      copy.start();
      call.print("Created " + name + " as clone of " + call.name());
    }
    return 0;
  }

  /** {@code bind=SOURCE[:TARGET[:ro]]}. */
  private static List<MountRequest> mounts(LxcCall call) {
    return call.options().all("mount").stream()
        .map(text -> {
          String[] parts = text.substring(text.indexOf('=') + 1).split(":", -1);
          boolean readOnly = parts.length > 2 && parts[2].equals("ro");
          if (!text.startsWith("bind=") || parts.length > 3 || (parts.length == 3 && !readOnly)) {
            throw new LxcException("'" + text + "' is not bind=SOURCE[:TARGET[:ro]]");
          }
          String target = parts.length > 1 ? parts[1] : parts[0];
          return MountRequest.parseVolume(
              parts[0] + ":" + target + (readOnly ? ":ro" : ""), call.caller().directory());
        })
        .toList();
  }

  private static String free(LxcCall call) {
    int number = 1;
    while (call.place().exists(call.name() + "_" + number)) {
      number++;
    }
    return call.name() + "_" + number;
  }

  private static Container copy(
      LxcCall call, Optional<String> snapshot, String name, boolean ephemeral) {
    if (call.place().exists(name)) {
      throw new LxcException("there is a container '" + name + "' already");
    }
    Container source = call.place().container(call.name()).orElseGet(call::current);
    Container copy =
        call.engine().copy(source, new Cloning.Request(snapshot, Optional.of(name), ephemeral));
    if (!ephemeral && call.place().isDefined(call.name())) {
      String host = call.options().has("keepname") ? "" : "lxc.uts.name = " + name + "\n";
      String text = withoutName(call);
      write(
          call.place().configOf(name),
          (call.options().has("keepmac") ? text : withNewCards(text)) + host);
    }
    return copy;
  }

  private static int any() {
    return ThreadLocalRandom.current().nextInt(256);
  }

  /** Two cards with one address would be in each other's way. */
  private static String withNewCards(String text) {
    return ADDRESS
        .matcher(text)
        .replaceAll(
            line -> line.group(1) + OF_LXC + ":%02x:%02x:%02x".formatted(any(), any(), any()));
  }

  /** The configuration without the host name. */
  private static String withoutName(LxcCall call) {
    StringBuilder text = new StringBuilder();
    for (String line : read(call.place().configOf(call.name())).lines().toList()) {
      if (!line.strip().startsWith("lxc.uts.name")) {
        text.append(line).append('\n');
      }
    }
    return text.toString();
  }

  private static int rename(LxcCall call, String name) {
    LxcPlace place = call.place();
    if (place.isRunning(call.name())) {
      throw new LxcException(call.name() + " is running");
    }
    if (place.exists(name)) {
      throw new LxcException("there is a container '" + name + "' already");
    }
    place.container(call.name()).ifPresent(it -> it.rename(name));
    if (place.isDefined(call.name())) {
      String root = place.directory().resolve(call.name()) + "/";
      String text =
          (withoutName(call) + "lxc.uts.name = " + name + "\n")
              .replace(root, place.directory().resolve(name) + "/");
      try {
        Files.move(place.directory().resolve(call.name()), place.directory().resolve(name));
      } catch (IOException e) {
        throw new LxcException("cannot rename '" + call.name() + "': " + e.getMessage());
      }
      write(place.configOf(name), text);
    }
    return 0;
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
