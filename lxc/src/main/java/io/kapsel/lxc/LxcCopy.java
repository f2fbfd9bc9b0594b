package io.kapsel.lxc;

import io.kapsel.base.ByteSize;
import io.kapsel.engine.Cloning;
import io.kapsel.engine.Container;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.MountRequest;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** {@code lxc-copy}: a container like another, or the same one under another name. */
final class LxcCopy {
  private static final Pattern ADDRESS =
      Pattern.compile("(?m)^(\\s*lxc\\.net\\.\\d+\\.hwaddr\\s*=\\s*).*$");

  /** What hardware addresses that LXC gives begin with. */
  private static final String OF_LXC = "00:16:3e";

  private static final String RENAMED = "config.renamed";

  private final LxcCall call;
  private final LxcOptions options;

  /** Where the copy is defined. */
  private final LxcPlace place;

  /** Whether somebody has something where the copy is defined. */
  private boolean found;

  private LxcCopy(LxcCall call) {
    this.call = call;
    this.options = call.options();
    this.place =
        options
            .last("newpath")
            .map(it ->
                new LxcPlace(call.engine(), call.caller().directory().resolve(it).normalize()))
            .orElse(call.place());
  }

  static int run(LxcCall call) {
    return new LxcCopy(call).run();
  }

  /** A container of its own from a snapshot. */
  static void restore(LxcCall call, String snapshot, String name) {
    var _ = new LxcCopy(call).copy(Optional.of(snapshot), name, false);
  }

  private int run() {
    if (!call.place().exists(call.name())) {
      throw new LxcException("there is no such container");
    }
    boolean ephemeral = options.has("ephemeral");
    check(ephemeral);
    String name =
        options
            .last("newname")
            .or(() -> ephemeral ? Optional.of(free()) : Optional.empty())
            .orElseThrow(() -> new LxcException("You must provide a NEWNAME for the clone."));
    if (options.has("rename")) {
      return rename(name);
    }
    if (call.place().isRunning(call.name()) && !ephemeral && !options.has("allowrunning")) {
      throw new LxcException(call.name() + " is running; --allowrunning copies it as it is");
    }
    List<MountRequest> mounts = mounts();
    Container copy = copy(Optional.empty(), name, ephemeral && !options.has("keepdata"));
    if (!ephemeral) {
      return 0;
    }
    give(copy, name, mounts);
    if (options.has("foreground")) {
      return call.caller().foreground(copy);
    }
    copy.start();
    call.print("Created " + name + " as clone of " + call.name());
    if (options.has("tmpfs")) {
      call.print("Container is placed on tmpfs.");
    }
    return 0;
  }

  private void give(Container copy, String name, List<MountRequest> mounts) {
    boolean whole = false;
    try {
      mounts.forEach(mount -> copy.devices().add(mount));
      if (place.isDefined(name)) { // one that stays is read from there when it is started again
        note(name, mounts);
      }
      whole = true;
    } finally {
      if (!whole) {
        discard(copy, name);
      }
    }
  }

  private void note(String name, List<MountRequest> mounts) {
    StringBuilder text = new StringBuilder(LxcCopies.read(place.configOf(name)));
    for (MountRequest each : mounts) {
      if (each instanceof MountRequest.Bind bind) {
        text.append("lxc.mount.entry = ").append(LxcMounts.entry(bind)).append('\n');
      }
    }
    LxcCopies.write(place.configOf(name), text.toString());
  }

  private void check(boolean ephemeral) {
    options
        .last("backingstorage")
        .filter(it -> !Set.of("best", "dir", "overlay", "overlayfs").contains(it))
        .ifPresent(it -> {
          throw new LxcException("the files of a copy are layers in a directory, not on " + it);
        });
    if (options.has("fssize") && !options.has("tmpfs")) {
      throw new LxcException(
          "a copy has no file system of its own whose size --fssize could be, but with --tmpfs");
    }
    if (options.has("tmpfs") && options.has("keepdata")) {
      throw new LxcException("--tmpfs and --keepdata exclude each other: memory keeps nothing");
    }
    for (String only : List.of("mount", "foreground", "daemon", "keepdata", "tmpfs")) {
      if (options.has(only) && !ephemeral) {
        throw new LxcException("--" + only + " is for ephemeral copies, with --ephemeral");
      }
    }
    if (options.has("newpath") && options.has("rename")) {
      throw new LxcException("a container is renamed where it is: no --newpath");
    }
  }

  /** Where what is written goes; absent: to the disk. */
  private Optional<Cloning.Memory> memory() {
    return options.has("tmpfs")
        ? Optional.of(new Cloning.Memory(options.last("fssize").map(LxcCopy::bytes)))
        : Optional.empty();
  }

  private static long bytes(String size) {
    try {
      return ByteSize.parse(size);
    } catch (IllegalArgumentException e) {
      throw new LxcException("'" + size + "' in --fssize is no size");
    }
  }

  /**
   * {@code bind=SOURCE[:TARGET][:ro|:rw]} and {@code overlay=SOURCE[:TARGET]}, some of them with
   * commas in between.
   */
  private List<MountRequest> mounts() {
    return options.all("mount").stream()
        .flatMap(text -> List.of(text.split(",", -1)).stream())
        .map(this::mount)
        .toList();
  }

  private MountRequest mount(String text) {
    if (text.startsWith("overlay=")) {
      return overlay(text);
    }
    List<String> parts =
        new ArrayList<>(List.of(text.substring(text.indexOf('=') + 1).split(":", -1)));
    String access = Set.of("ro", "rw").contains(parts.getLast()) ? parts.removeLast() : "rw";
    if (!text.startsWith("bind=") || parts.isEmpty() || parts.size() > 2) {
      throw new LxcException("'" + text + "' is not bind=SOURCE[:TARGET][:ro]");
    }
    return MountRequest.parseVolume(
        parts.getFirst() + ":" + parts.getLast() + (access.equals("ro") ? ":ro" : ""),
        call.caller().directory());
  }

  private MountRequest overlay(String text) {
    List<String> parts = List.of(text.substring(text.indexOf('=') + 1).split(":", -1));
    if (parts.size() > 2) {
      throw new LxcException("'" + text + "' is not overlay=SOURCE[:TARGET]");
    }
    Path source = call.caller().directory().resolve(parts.getFirst()).normalize();
    String target = parts.size() > 1 ? parts.getLast() : source.toString();
    return LxcMounts.layered(source, target);
  }

  private String free() {
    int number = 1;
    while (place.exists(call.name() + "_" + number)) {
      number++;
    }
    return call.name() + "_" + number;
  }

  private Container copy(Optional<String> snapshot, String name, boolean ephemeral) {
    if (place.exists(name)) {
      throw new LxcException("there is a container '" + name + "' already");
    }
    found = Files.exists(place.directory().resolve(name));
    Container source = call.place().container(call.name()).orElseGet(call::current);
    Container copy =
        call.engine()
            .copy(source, new Cloning.Request(snapshot, Optional.of(name), ephemeral, memory()));
    boolean whole = false;
    try {
      if (place != call.place()) {
        moved(copy);
      }
      if (!ephemeral && call.place().isDefined(call.name())) {
        String host = options.has("keepname") ? "" : "lxc.uts.name = " + name + "\n";
        String text = withoutName();
        LxcCopies.write(
            place.configOf(name), (options.has("keepmac") ? text : withNewCards(text)) + host);
      }
      hooks(copy, name);
      whole = true;
    } finally {
      if (!whole) {
        discard(copy, name);
      }
    }
    return copy;
  }

  private void discard(Container copy, String name) {
    int _ =
        call.caller()
            .waiting(() -> {
              copy.remove(true);
              return 0;
            });
    LxcCopies.discard(place.directory(), name, found);
  }

  /** It is one of the other directory from now on. */
  private void moved(Container copy) {
    Map<String, String> labels = new HashMap<>(copy.spec().labels());
    labels.put(LxcPlan.PATH_LABEL, place.directory().toString());
    copy.specify(new ContainerSpecBuilder(copy.spec()).labels(labels).build());
  }

  /** What the source has for its copies, with the copy's files. */
  private void hooks(Container copy, String name) {
    Optional<LxcConfig> config = call.place().config(call.name());
    if (config.filter(it -> !it.all("lxc.hook.clone").isEmpty()).isPresent()) {
      LxcHooks hooks = new LxcHooks(config.get(), name, place.configOf(name));
      copy.contents().changing(files -> hooks.cloned(call.name(), files, options.operands()));
    }
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
  private String withoutName() {
    StringBuilder text = new StringBuilder();
    for (String line : LxcCopies.read(call.place().configOf(call.name())).lines().toList()) {
      if (!line.strip().startsWith("lxc.uts.name")) {
        text.append(line).append('\n');
      }
    }
    return text.toString();
  }

  private int rename(String name) {
    if (place.isRunning(call.name())) {
      throw new LxcException(call.name() + " is running");
    }
    if (place.exists(name)) {
      throw new LxcException("there is a container '" + name + "' already");
    }
    Optional<Container> container = place.container(call.name());
    boolean defined = place.isDefined(call.name());
    String text = defined ? renamed(name) : "";
    container.ifPresent(it -> it.rename(name));
    boolean whole = false;
    try {
      if (defined) {
        move(place.directory().resolve(call.name()), place.directory().resolve(name), text);
      }
      whole = true;
    } finally {
      if (!whole) {
        container.ifPresent(it -> it.rename(call.name()));
      }
    }
    return 0;
  }

  /** The configuration under another name. */
  private String renamed(String name) {
    return (withoutName() + "lxc.uts.name = " + name + "\n")
        .replace(
            place.directory().resolve(call.name()) + "/", place.directory().resolve(name) + "/");
  }

  /** Both the directory and what the file in it says, or neither. */
  private void move(Path from, Path to, String text) {
    Path fresh = from.resolve(RENAMED);
    try {
      LxcCopies.write(fresh, text);
      Files.move(from, to);
      replace(to, from);
    } catch (IOException e) {
      discard(fresh);
      throw new LxcException("cannot rename '%s': %s".formatted(call.name(), reason(e)));
    }
  }

  private static void replace(Path to, Path from) throws IOException {
    try {
      Files.move(to.resolve(RENAMED), to.resolve("config"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.move(to, from);
      throw e;
    }
  }

  private static String reason(IOException e) {
    return e instanceof FileAlreadyExistsException
        ? "'" + e.getMessage() + "' is there already, without a 'config'; move it away"
        : String.valueOf(e.getMessage());
  }

  private static void discard(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException _) {
      // the reason of what failed before says more
    }
  }
}
