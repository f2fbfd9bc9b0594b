package io.kapsel.lxc;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The keys of LXC's configuration files; see lxc.container.conf(5). */
final class LxcKeys {
  private static final Set<String> KNOWN =
      Set.of(
          "lxc.apparmor.allow_incomplete",
          "lxc.apparmor.allow_nesting",
          "lxc.apparmor.profile",
          "lxc.apparmor.raw",
          "lxc.arch",
          "lxc.autodev",
          "lxc.autodev.tmpfs.size",
          "lxc.cap.drop",
          "lxc.cap.keep",
          "lxc.cgroup.dir",
          "lxc.cgroup.dir.container",
          "lxc.cgroup.dir.container.inner",
          "lxc.cgroup.dir.monitor",
          "lxc.cgroup.dir.monitor.pivot",
          "lxc.cgroup.relative",
          "lxc.console.buffer.size",
          "lxc.console.logfile",
          "lxc.console.path",
          "lxc.console.rotate",
          "lxc.console.size",
          "lxc.environment",
          "lxc.environment.hooks",
          "lxc.environment.runtime",
          "lxc.ephemeral",
          "lxc.execute.cmd",
          "lxc.group",
          "lxc.hook.autodev",
          "lxc.hook.clone",
          "lxc.hook.destroy",
          "lxc.hook.mount",
          "lxc.hook.post-stop",
          "lxc.hook.pre-mount",
          "lxc.hook.pre-start",
          "lxc.hook.start",
          "lxc.hook.start-host",
          "lxc.hook.stop",
          "lxc.hook.version",
          "lxc.idmap",
          "lxc.include",
          "lxc.init.cmd",
          "lxc.init.cwd",
          "lxc.init.gid",
          "lxc.init.groups",
          "lxc.init.uid",
          "lxc.keyring.session",
          "lxc.log.file",
          "lxc.log.level",
          "lxc.log.syslog",
          "lxc.monitor.signal.pdeath",
          "lxc.monitor.unshare",
          "lxc.mount.auto",
          "lxc.mount.entry",
          "lxc.mount.fstab",
          "lxc.namespace.clone",
          "lxc.namespace.keep",
          "lxc.no_new_privs",
          "lxc.pty.max",
          "lxc.rootfs.managed",
          "lxc.rootfs.mount",
          "lxc.rootfs.options",
          "lxc.rootfs.path",
          "lxc.sched.core",
          "lxc.seccomp.allow_nesting",
          "lxc.seccomp.notify.cookie",
          "lxc.seccomp.notify.proxy",
          "lxc.seccomp.profile",
          "lxc.selinux.context",
          "lxc.selinux.context.keyring",
          "lxc.signal.halt",
          "lxc.signal.reboot",
          "lxc.signal.stop",
          "lxc.start.auto",
          "lxc.start.delay",
          "lxc.start.order",
          "lxc.time.offset.boot",
          "lxc.time.offset.monotonic",
          "lxc.tty.dir",
          "lxc.tty.max",
          "lxc.uts.name");

  private static final List<Pattern> FAMILIES =
      List.of(
          Pattern.compile("lxc\\.cgroup2?\\.[a-z0-9_]+(\\..+)?"),
          Pattern.compile("lxc\\.net\\.\\d{1,4}(\\.[a-z0-9_.]+)?"),
          Pattern.compile("lxc\\.net"),
          Pattern.compile("lxc\\.namespace\\.share\\.(cgroup|ipc|mnt|net|pid|time|user|uts)"),
          Pattern.compile("lxc\\.(prlimit|sysctl|proc)\\..+"));

  /** What keys were called before LXC 3. */
  private static final Map<String, String> OLD =
      Map.ofEntries(
          Map.entry("lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete"),
          Map.entry("lxc.aa_profile", "lxc.apparmor.profile"),
          Map.entry("lxc.console", "lxc.console.path"),
          Map.entry("lxc.devttydir", "lxc.tty.dir"),
          Map.entry("lxc.haltsignal", "lxc.signal.halt"),
          Map.entry("lxc.id_map", "lxc.idmap"),
          Map.entry("lxc.init_cmd", "lxc.init.cmd"),
          Map.entry("lxc.init_gid", "lxc.init.gid"),
          Map.entry("lxc.init_uid", "lxc.init.uid"),
          Map.entry("lxc.logfile", "lxc.log.file"),
          Map.entry("lxc.loglevel", "lxc.log.level"),
          Map.entry("lxc.mount", "lxc.mount.fstab"),
          Map.entry("lxc.network", "lxc.net"),
          Map.entry("lxc.pts", "lxc.pty.max"),
          Map.entry("lxc.rebootsignal", "lxc.signal.reboot"),
          Map.entry("lxc.rootfs", "lxc.rootfs.path"),
          Map.entry("lxc.se_context", "lxc.selinux.context"),
          Map.entry("lxc.seccomp", "lxc.seccomp.profile"),
          Map.entry("lxc.stopsignal", "lxc.signal.stop"),
          Map.entry("lxc.syslog", "lxc.log.syslog"),
          Map.entry("lxc.tty", "lxc.tty.max"),
          Map.entry("lxc.utsname", "lxc.uts.name"));

  /** Keys from before LXC 3 that mean nothing any more. */
  static final Set<String> GONE = Set.of("lxc.rootfs.backend", "lxc.pivotdir", "lxc.kmsg");

  private static final String OLD_LIMIT = "lxc.limit.";

  private LxcKeys() {}

  /** All keys that are no family. */
  static Set<String> all() {
    return KNOWN;
  }

  /** Whether there is such a key. */
  static boolean isKnown(String key) {
    return KNOWN.contains(key)
        || FAMILIES.stream().anyMatch(family -> family.matcher(key).matches());
  }

  /** Refuses a key that there is not, with its line. */
  static void check(LxcConfig.Entry entry) {
    String key = entry.key();
    if (isKnown(key)) {
      return;
    }
    Optional<String> now =
        key.startsWith("lxc.network.")
            ? Optional.of("lxc.net.0." + ofCard(key.substring("lxc.network.".length())))
            : now(key);
    throw entry.wrong(
        now.map(it -> "a name from before LXC 3; it is '" + it + "' now")
            .orElse("there is no such key"));
  }

  /** What a key from before LXC 3 is called now. */
  static Optional<String> now(String old) {
    return old.startsWith(OLD_LIMIT)
        ? Optional.of("lxc.prlimit." + old.substring(OLD_LIMIT.length()))
        : Optional.ofNullable(OLD.get(old));
  }

  /** The same for the end of a key of a network card, with its number or without. */
  static String ofCard(String old) {
    return old.matches("(\\d+\\.)?ipv[46]") ? old + ".address" : old;
  }
}
