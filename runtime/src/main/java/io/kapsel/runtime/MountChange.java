package io.kapsel.runtime;

import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Attributes of a mount that are set and cleared; see mount_setattr(2). */
record MountChange(Value.Constant set, long clear) {
  /** Nothing. */
  static final MountChange NONE = new MountChange(Flag.ZERO, 0);

  static final long ACCESS_TIME = 0x70;
  private static final Value.Constant NO_ACCESS_TIME = Value.named("MOUNT_ATTR_NOATIME", 0x10);
  private static final Value.Constant STRICT = Value.named("MOUNT_ATTR_STRICTATIME", 0x20);
  private static final Value.Constant NO_DIRECTORIES = Value.named("MOUNT_ATTR_NODIRATIME", 0x80);
  private static final Value.Constant NO_LINKS = Value.named("MOUNT_ATTR_NOSYMFOLLOW", 0x200000);
  private static final Map<String, MountChange> OPTIONS = options();
  private static final List<Value.Constant> ALL =
      List.of(
          Flag.READ_ONLY,
          Flag.NO_SUID,
          Flag.NO_DEVICES,
          Flag.NO_EXECUTION,
          NO_ACCESS_TIME,
          STRICT,
          NO_DIRECTORIES,
          NO_LINKS);

  private static Map<String, MountChange> options() {
    Map<String, MountChange> all = new HashMap<>();
    pair(all, "ro", "rw", Flag.READ_ONLY);
    pair(all, "nosuid", "suid", Flag.NO_SUID);
    pair(all, "nodev", "dev", Flag.NO_DEVICES);
    pair(all, "noexec", "exec", Flag.NO_EXECUTION);
    pair(all, "nodiratime", "diratime", NO_DIRECTORIES);
    pair(all, "nosymfollow", "symfollow", NO_LINKS);
    all.put("noatime", new MountChange(NO_ACCESS_TIME, ACCESS_TIME));
    all.put("strictatime", new MountChange(STRICT, ACCESS_TIME));
    for (String usual : List.of("atime", "relatime", "norelatime", "nostrictatime")) {
      all.put(usual, new MountChange(Flag.ZERO, ACCESS_TIME));
    }
    return all;
  }

  private static void pair(
      Map<String, MountChange> all, String name, String opposite, Value.Constant flag) {
    all.put(name, new MountChange(flag, 0));
    all.put(opposite, new MountChange(Flag.ZERO, flag.value()));
  }

  static MountChange of(long set, long clear) {
    return new MountChange(named(set), clear);
  }

  static Set<String> names() {
    return OPTIONS.keySet();
  }

  static boolean isOne(String option) {
    return OPTIONS.containsKey(option);
  }

  /** This one, then the option. */
  MountChange with(String option) {
    return and(java.util.Objects.requireNonNull(OPTIONS.get(option)));
  }

  /** This one, then another, which wins. */
  MountChange and(MountChange later) {
    long set = (this.set.value() & ~later.clear) | later.set.value();
    long clear = (this.clear | later.clear) & ~(set & ~ACCESS_TIME);
    return new MountChange(named(set), clear);
  }

  /** The same without one attribute. */
  MountChange without(Value.Constant flag) {
    return new MountChange(named(set.value() & ~flag.value()), clear);
  }

  boolean sets(Value.Constant flag) {
    return (set.value() & flag.value()) != 0;
  }

  boolean isNothing() {
    return set.value() == 0 && clear == 0;
  }

  private static Value.Constant named(long bits) {
    List<Value.Constant> flags = new ArrayList<>();
    for (Value.Constant each : ALL) {
      if ((bits & each.value()) != 0) {
        flags.add(each);
      }
    }
    flags.sort(Comparator.comparingLong(Value.Constant::value));
    return Value.all(flags.toArray(Value.Constant[]::new));
  }

  /** How a plan shows it. */
  String shown() {
    return clear == 0 || clear == ACCESS_TIME
        ? set.shown()
        : set.shown() + ", clear " + named(clear).shown();
  }
}
