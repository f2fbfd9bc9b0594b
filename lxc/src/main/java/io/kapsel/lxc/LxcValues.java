package io.kapsel.lxc;

import io.kapsel.base.ByteSize;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.process.Resource;
import io.kapsel.linux.process.Signal;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What values keys may have, whatever becomes of them. */
final class LxcValues {
  /** What {@code lxc.arch} may be. */
  static final List<String> ARCHITECTURES =
      List.of(
          "aarch64", "amd64", "arm64", "armhf", "armv7l", "i386", "i486", "i586", "i686", "linux32",
          "linux64", "x86", "x86_64");

  /** What a value must be. */
  private record Form(String what, Predicate<String> fits) {
    /**
     * Whatever fits a pattern. A group that may come any number of times is possessive there: else
     * the matcher calls itself for each time, and a long value overflows the stack.
     */
    static Form of(String what, String pattern) {
      Pattern compiled = Pattern.compile(pattern);
      return new Form(what, text -> compiled.matcher(text).matches());
    }

    static Form words(String... all) {
      Set<String> known = Set.of(all);
      return new Form("one of " + String.join(" ", all), known::contains);
    }

    Form or(Form other) {
      return new Form(what + " or " + other.what, text -> fits.test(text) || other.fits.test(text));
    }

    /** The same for a number in bounds. */
    Form and(int least, int most) {
      return new Form(
          what,
          text ->
              fits.test(text) && Integer.parseInt(text) >= least && Integer.parseInt(text) <= most);
    }

    Form each() {
      return new Form(what, text -> Arrays.stream(text.strip().split("\\s+", -1)).allMatch(fits));
    }
  }

  private static final Form TRUTH = Form.words("0", "1");
  private static final Form NUMBER = Form.of("a number", "\\d{1,9}");
  private static final Form WHOLE = Form.of("a number", "-?\\d{1,9}");
  private static final Form SIZE = new Form("a size", LxcValues::isSize);
  private static final Form PATH = Form.of("an absolute path", "/.*");
  private static final Form SIGNAL = new Form("a signal", text -> Signal.parse(text).isPresent());
  private static final Form ADDRESS4 =
      Form.of(
          "an IPv4 address with its length of prefix",
          "((25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(?!$|/)|(?=/|\\s|$))){4}(/(3[0-2]|[12]?\\d))?(\\s.*)?");
  private static final Form ADDRESS6 =
      Form.of(
          "an IPv6 address with its length of prefix",
          "[0-9A-Fa-f.]*+:[0-9A-Fa-f:.]*+(/\\d{1,3})?");
  private static final Form LIMIT = Form.of("a number or 'unlimited'", "\\d{1,18}|unlimited");
  private static final Form NAMESPACES =
      Form.words("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts").each();

  private static final Map<String, Form> FORMS = forms();

  private LxcValues() {}

  private static Map<String, Form> forms() {
    Map<String, Form> all = new HashMap<>();
    for (String key :
        List.of(
            "apparmor.allow_incomplete",
            "apparmor.allow_nesting",
            "autodev",
            "cgroup.relative",
            "console.rotate",
            "ephemeral",
            "hook.version",
            "keyring.session",
            "monitor.signal.pdeath",
            "monitor.unshare",
            "no_new_privs",
            "rootfs.managed",
            "sched.core",
            "seccomp.allow_nesting",
            "start.auto")) {
      all.put(key, TRUTH);
    }
    numbers(all);
    texts(all);
    return all;
  }

  private static void numbers(Map<String, Form> all) {
    for (String key : List.of("tty.max", "pty.max", "start.delay")) {
      all.put(key, NUMBER);
    }
    Form id =
        Form.of("a number up to 65535, as a container has that many", "\\d{1,5}").and(0, 65_535);
    all.put("init.uid", id);
    all.put("init.gid", id);
    all.put("init.groups", Form.of("numbers", "\\d{1,5}([,\\s]+\\d{1,5})*+"));
    all.put("start.order", WHOLE);
    all.put("proc.oom_score_adj", Form.of("a number from -1000 to 1000", "-?(1000|\\d{1,3})"));
    all.put("autodev.tmpfs.size", SIZE);
    all.put("console.size", Form.words("auto").or(SIZE));
    all.put("console.buffer.size", Form.words("auto").or(SIZE));
    for (String key : List.of("signal.halt", "signal.reboot", "signal.stop")) {
      all.put(key, SIGNAL);
    }
  }

  private static void texts(Map<String, Form> all) {
    all.put("log.syslog", Form.of("a facility of syslog(3)", "[a-z]+[0-7]?"));
    for (String key :
        List.of("console.logfile", "log.file", "mount.fstab", "rootfs.mount", "init.cwd")) {
      all.put(key, PATH);
    }
    all.put("console.path", Form.words("none").or(PATH));
    all.put(
        "log.level",
        new Form(
            "a level of LXC's log",
            text ->
                text.matches("[0-8]")
                    || Set.of(
                            "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "ALERT",
                            "FATAL")
                        .contains(text.toUpperCase(Locale.ROOT))));
    all.put("arch", Form.words(ARCHITECTURES.toArray(String[]::new)));
    all.put("idmap", Form.of("'u|g|b INSIDE OUTSIDE COUNT'", "[ugb]\\s+\\d+\\s+\\d+\\s+\\d+"));
    all.put("uts.name", Form.of("a host name", "[A-Za-z0-9_]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?"));
    all.put("cap.drop", capability(Set.of()).each());
    all.put("cap.keep", capability(Set.of("none")).each());
    Form variable = Form.of("NAME=VALUE", "[^=\\s][^=]*=.*");
    for (String key : List.of("environment", "environment.hooks", "environment.runtime")) {
      all.put(key, variable);
    }
    all.put("namespace.clone", NAMESPACES);
    all.put("namespace.keep", NAMESPACES);
    Form time = Form.of("a time such as 5s", "-?\\d{1,9}(h|m|s|ms|us|ns)");
    all.put("time.offset.boot", time);
    all.put("time.offset.monotonic", time);
    groups(all);
  }

  /** Those of control groups for which the engine has limits of its own. */
  private static void groups(Map<String, Form> all) {
    Form bytes = Form.words("max", "-1").or(SIZE);
    for (String key :
        List.of(
            "cgroup.memory.limit_in_bytes",
            "cgroup.memory.memsw.limit_in_bytes",
            "cgroup.memory.soft_limit_in_bytes",
            "cgroup2.memory.max",
            "cgroup2.memory.swap.max",
            "cgroup2.memory.low")) {
      all.put(key, bytes);
    }
    all.put("cgroup.cpu.shares", NUMBER);
    all.put("cgroup.cpu.cfs_period_us", NUMBER);
    all.put("cgroup.cpu.cfs_quota_us", WHOLE);
    all.put("cgroup2.cpu.weight", Form.of("a number from 1 to 10000", "10000|[1-9]\\d{0,3}"));
    all.put("cgroup2.cpu.max", Form.of("QUOTA [PERIOD]", "(max|\\d{1,9})(\\s+\\d{1,9})?"));
    Form processes = Form.words("max").or(NUMBER);
    all.put("cgroup.pids.max", processes);
    all.put("cgroup2.pids.max", processes);
    Form set = Form.of("a list such as 0-3,6", "\\d{1,5}(-\\d{1,5})?(,\\d{1,5}(-\\d{1,5})?)*+");
    for (String key :
        List.of(
            "cgroup.cpuset.cpus",
            "cgroup.cpuset.mems",
            "cgroup2.cpuset.cpus",
            "cgroup2.cpuset.mems")) {
      all.put(key, set);
    }
  }

  private static Form capability(Set<String> also) {
    return new Form(
        "a capability",
        text -> also.contains(text) || Capability.of(text.toUpperCase(Locale.ROOT)).isPresent());
  }

  /** A size in bytes, in one of the ways in which that is written. */
  static long size(String text) {
    return ByteSize.parse(text);
  }

  private static boolean isSize(String text) {
    try {
      return ByteSize.parse(text) >= 0;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Refuses a value that makes no sense, with its line. */
  static void check(LxcConfig.Entry entry) {
    if (entry.value().isEmpty()) {
      return; // takes back what was said before
    }
    String key = entry.key().substring("lxc.".length());
    if (key.startsWith("net.") && key.indexOf('.', 4) > 0) {
      check(entry, ofCard(key.substring(key.indexOf('.', 4) + 1)));
    } else if (key.startsWith("prlimit.")) {
      String resource = key.substring("prlimit.".length());
      if (Resource.parse(resource).isEmpty()) {
        throw entry.wrong("there is no such resource");
      }
      for (String half : entry.value().split(":", 2)) {
        check(entry.of(half.strip()), LIMIT);
      }
    } else if (FORMS.containsKey(key)) {
      check(entry, FORMS.get(key));
    }
  }

  private static Form ofCard(String key) {
    return switch (key) {
      case "type" ->
          Form.words("veth", "macvlan", "ipvlan", "vlan", "phys", "empty", "none", "l2proxy");
      case "flags" -> Form.words("up");
      case "mtu" -> Form.of("a number from 68 to 65535", "\\d{2,5}").and(68, 65_535);
      case "vlan.id", "veth.vlan.tagged.id", "veth.vlan.id" ->
          Form.of("a number from 0 to 4094", "\\d{1,4}").and(0, 4094);
      case "hwaddr" ->
          Form.of(
              "a hardware address, xx for what is chosen", "([0-9A-Fa-fx]{2}:){5}[0-9A-Fa-fx]{2}");
      case "ipv4.address" -> ADDRESS4;
      case "ipv6.address" -> ADDRESS6;
      case "ipv4.gateway" -> Form.words("auto", "dev").or(ADDRESS4);
      case "ipv6.gateway" -> Form.words("auto", "dev").or(ADDRESS6);
      case "veth.pair" ->
          Form.of("the name of an interface, of at most 15 letters", "[^/:\\s]{1,15}");
      case "name", "link" -> Form.of("the name of an interface or network", "[^/\\s]+");
      case "macvlan.mode" -> Form.words("private", "vepa", "bridge", "passthru");
      case "ipvlan.mode" -> Form.words("l2", "l3", "l3s");
      case "ipvlan.isolation" -> Form.words("bridge", "private", "vepa");
      case "veth.mode" -> Form.words("bridge", "router");
      default -> new Form("", _ -> true);
    };
  }

  private static void check(LxcConfig.Entry entry, Form form) {
    if (!form.fits().test(entry.value())) {
      throw entry.wrong("'" + entry.value() + "' is not " + form.what());
    }
  }
}
