package io.kapsel.runtime;

import io.kapsel.oci.Mount;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The options of a mount, sorted by whom they are for; see mount(8) and the table in config.md of
 * the runtime specification.
 *
 * @param bind whether a file or directory of the host is shown
 * @param recursive whether with what is mounted below it
 * @param own what changes of the mount itself
 * @param below what changes of it and of all mounts below
 * @param propagations to and from its copies, in order
 * @param idMap whether its owners are shown as others
 * @param copyUp whether the content of the directory below is copied into it
 * @param data for the file system itself
 */
record MountOptions(
    boolean bind,
    boolean recursive,
    MountChange own,
    MountChange below,
    List<Propagation> propagations,
    IdMap idMap,
    boolean copyUp,
    List<String> data) {
  /** Which mounts show other owners. */
  enum IdMap {
    NONE,
    ITSELF,
    BELOW
  }

  /** How changes reach copies, and whether those below are meant, too. */
  record Propagation(Value.Constant kind, boolean recursive) {
    static final Propagation PRIVATE = new Propagation(Value.named("MS_PRIVATE", 1 << 18), true);
    static final Propagation ALONE = new Propagation(PRIVATE.kind, false);
    static final Propagation SLAVE = new Propagation(Value.named("MS_SLAVE", 1 << 19), true);
    private static final Map<String, Value.Constant> KINDS =
        Map.of(
            "private",
            PRIVATE.kind,
            "slave",
            SLAVE.kind,
            "shared",
            Value.named("MS_SHARED", 1 << 20),
            "unbindable",
            Value.named("MS_UNBINDABLE", 1 << 17));

    /** Of a name such as {@code rslave}. */
    static Propagation of(String name) {
      Value.Constant kind = KINDS.get(name);
      return kind != null
          ? new Propagation(kind, false)
          : new Propagation(java.util.Objects.requireNonNull(KINDS.get(name.substring(1))), true);
    }

    static boolean isOne(String name) {
      return KINDS.containsKey(name)
          || (name.startsWith("r") && KINDS.containsKey(name.substring(1)));
    }

    boolean shares() {
      return kind.value() == 1 << 20;
    }
  }

  /** Private, and nothing else. */
  static final MountOptions PLAIN =
      new MountOptions(
          true, true, MountChange.NONE, MountChange.NONE, List.of(), IdMap.NONE, false, List.of());

  /** They change nothing that can still be changed, or nothing that anybody would notice. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("defaults", "silent", "loud", "async", "nolazytime", "nomand", "noiversion");

  /** Copies the lists. */
  MountOptions {
    propagations = List.copyOf(propagations);
    data = List.copyOf(data);
  }

  /** All that are understood here; a file system has its own besides. */
  static List<String> known() {
    Set<String> all = new TreeSet<>(WITHOUT_EFFECT);
    for (String name : MountChange.names()) {
      all.add(name);
      all.add("r" + name);
    }
    for (String name : Propagation.KINDS.keySet()) {
      all.add(name);
      all.add("r" + name);
    }
    all.addAll(
        List.of(
            "bind",
            "rbind",
            "idmap",
            "ridmap",
            "tmpcopyup",
            "sync",
            "dirsync",
            "lazytime",
            "mand"));
    return List.copyOf(all);
  }

  /** Sorts them; what comes later wins. */
  static MountOptions of(Mount mount) {
    boolean bind = mount.isBind();
    boolean recursive = false;
    MountChange own = MountChange.NONE;
    MountChange below = MountChange.NONE;
    List<Propagation> propagations = new ArrayList<>();
    IdMap idMap = mount.uidMappings().isEmpty() ? IdMap.NONE : IdMap.ITSELF;
    boolean copyUp = false;
    List<String> data = new ArrayList<>();
    for (String option : mount.options()) {
      if (MountChange.isOne(option)) {
        own = own.with(option);
      } else if (option.startsWith("r") && MountChange.isOne(option.substring(1))) {
        below = below.with(option.substring(1));
      } else if (Propagation.isOne(option)) {
        propagations.add(Propagation.of(option));
      } else {
        switch (option) {
          case "bind" -> recursive = false;
          case "rbind" -> recursive = true;
          case "idmap" -> idMap = IdMap.ITSELF;
          case "ridmap" -> idMap = IdMap.BELOW;
          case "tmpcopyup" -> copyUp = true;
          default -> {
            if (!WITHOUT_EFFECT.contains(option)) {
              data.add(option);
            }
          }
        }
      }
    }
    return new MountOptions(bind, recursive, own, below, propagations, idMap, copyUp, data);
  }

  /** Which part of a volume is shown: a way below it. */
  Optional<String> part() {
    return ofTheEngine(Bundle.PART);
  }

  /** Where the layer above the source is. */
  Optional<String> layer() {
    return ofTheEngine(Bundle.LAYER);
  }

  private Optional<String> ofTheEngine(String option) {
    return data.stream()
        .filter(each -> each.startsWith(option))
        .map(each -> each.substring(option.length()))
        .findFirst();
  }

  /** Everything that changes, without a distinction of what is below. */
  MountChange change() {
    return own.and(below);
  }

  /** How a plan shows all of it. */
  String shown() {
    return change().isNothing()
        ? propagation().shown()
        : change().shown() + ", " + propagation().shown();
  }

  /** The last one, private where nothing is said. */
  Value.Constant propagation() {
    return propagations.isEmpty() ? Propagation.PRIVATE.kind() : propagations.getLast().kind();
  }
}
