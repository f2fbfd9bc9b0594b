package io.kapsel.lxc;

import io.kapsel.lxc.Translation.Line;
import io.kapsel.network.Port;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The configuration of a container of Incus or LXD: the {@code backup.yaml} beside its {@code
 * rootfs}, or what {@code incus config show --expanded} prints.
 */
final class IncusConfig {
  /** What cards on links of the host are called by LXC. */
  private static final Map<String, String> KINDS =
      Map.of("physical", "phys", "macvlan", "macvlan", "ipvlan", "ipvlan");

  private static final Pattern SHARE = Pattern.compile("(\\d+)ms/(\\d+)ms");
  private static final Pattern RANGE = Pattern.compile("\\{[^}]*}");
  private static final Pattern EXPIRY = Pattern.compile("(\\d{1,6})([MHdwmy])");
  private static final Pattern END = Pattern.compile("(tcp|udp):(\\[[^]]+]|[^:]*):(\\d{1,5})");
  private static final int PERIOD = 100_000;

  private static final long HOUR = 3600;
  private static final long DAY = 24 * HOUR;

  /** How often, in seconds. */
  private static final Map<String, Long> SCHEDULES =
      Map.of("@hourly", HOUR, "@daily", DAY, "@midnight", DAY, "@weekly", 7 * DAY);

  private static final Map<String, Long> UNITS =
      Map.of("M", 60L, "H", HOUR, "d", DAY, "w", 7 * DAY, "m", 30 * DAY, "y", 365 * DAY);

  private static final String CALLS = "security.syscalls.intercept.";

  private static final Map<String, String> INTERCEPTED =
      Map.of(
          CALLS + "mknod", "mknod",
          CALLS + "setxattr", "setxattr",
          CALLS + "sysinfo", "sysinfo",
          CALLS + "sched_setscheduler", "affinity");

  /** What Incus notes for itself. */
  private static final Pattern REMARKS = Pattern.compile("(volatile|image|user)\\..*");

  private final Translation out;
  private final Map<String, Line> said = new LinkedHashMap<>();
  private final Path rootfs;
  private final Map<String, Map<String, Line>> devices = new TreeMap<>();
  private String name = "";
  private int cards;

  private IncusConfig(Path file) {
    this.out = new Translation(file);
    this.rootfs = file.toAbsolutePath().normalize().resolveSibling("rootfs");
  }

  static Adoption.Said read(Path file) {
    IncusConfig incus = new IncusConfig(file);
    List<Line> lines = YamlLines.read(file);
    boolean expanded =
        lines.stream().anyMatch(each -> parts(each.key()).startsWith("expanded_config/"));
    String prefix = expanded ? "expanded_" : "";
    for (Line each : lines) {
      String path = parts(each.key());
      if (path.equals("name")) {
        incus.name = each.value();
      } else if (path.startsWith(prefix + "config/")) {
        incus.note(
            new Line(each.number(), path.substring((prefix + "config/").length()), each.value()));
      } else if (path.startsWith(prefix + "devices/")) {
        incus.device(path.substring((prefix + "devices/").length()), each);
      }
    }
    return incus.translated(lines.isEmpty() ? new Line(1, "", "") : lines.getFirst());
  }

  /** The file of a backup has the container below one key, beside its pool and snapshots. */
  private static String parts(String path) {
    return path.replaceFirst("^(instance|container)/", "");
  }

  private void note(Line line) {
    said.put(line.key(), line);
  }

  private void device(String path, Line line) {
    int slash = path.indexOf('/');
    if (slash > 0) {
      String key = path.substring(slash + 1);
      devices
          .computeIfAbsent(path.substring(0, slash), _ -> new TreeMap<>())
          .put(key, new Line(line.number(), path.replace('/', '.'), line.value()));
    }
  }

  private Adoption.Said translated(Line first) {
    Line map = said.get("volatile.last_state.idmap");
    if (map != null) {
      owners(map);
    }
    out.add(first, "lxc.rootfs.path", "dir:" + rootfs);
    said.values().forEach(this::translate);
    devices.forEach(this::device);
    return out.under(name);
  }

  /** To which ids its files were given when it ran last; where mounts do that, to none. */
  private void owners(Line map) {
    Matcher ranges = RANGE.matcher(map.value());
    while (ranges.find()) {
      String range = ranges.group();
      boolean users = range.matches(".*\"Isuid\"\\s*:\\s*true.*");
      boolean groups = range.matches(".*\"Isgid\"\\s*:\\s*true.*");
      String kind = users && groups ? "b" : users ? "u" : "g";
      out.add(
          map,
          "lxc.idmap",
          "%s %s %s %s"
              .formatted(
                  kind,
                  number(map, range, "Nsid"),
                  number(map, range, "Hostid"),
                  number(map, range, "Maprange")));
    }
  }

  private String number(Line map, String range, String part) {
    Matcher found = Pattern.compile("\"" + part + "\"\\s*:\\s*(\\d+)").matcher(range);
    if (!found.find()) {
      throw out.wrong(map, "'" + range + "' has no " + part);
    }
    return found.group(1);
  }

  private void translate(Line line) {
    String key = line.key();
    String value = line.value();
    switch (key) {
      case "limits.memory" -> memory(line);
      case "limits.processes" -> out.add(line, "lxc.cgroup2.pids.max", value);
      case "limits.cpu" -> processors(line);
      case "limits.cpu.allowance" -> allowance(line);
      case "raw.lxc" -> raw(line);
      case "boot.autostart" -> out.more(line, it -> it.starts = value.equals("true"));
      case "boot.autostart.delay" -> out.more(line, it -> it.startDelay = Integer.parseInt(value));
      case "boot.autostart.priority" -> // the highest goes first there
          out.more(line, it -> it.startOrder = Optional.of(-Long.parseLong(value)));
      case "limits.memory.swap" -> swap(line);
      case "security.nesting" -> out.more(line, it -> it.nesting = value.equals("true"));
      case "snapshots.schedule" -> schedule(line);
      case "snapshots.expiry" -> expiry(line);
      default -> family(line);
    }
  }

  private void family(Line line) {
    String key = line.key();
    if (key.startsWith("environment.")) {
      out.add(line, "lxc.environment", key.substring("environment.".length()) + "=" + line.value());
    } else if (key.startsWith("limits.kernel.")) {
      out.add(line, "lxc.prlimit." + key.substring("limits.kernel.".length()), line.value());
    } else if (key.startsWith("linux.sysctl.")) {
      out.add(line, "lxc.sysctl." + key.substring("linux.sysctl.".length()), line.value());
    } else if (INTERCEPTED.containsKey(key)) {
      if (line.value().equals("true")) {
        out.more(line, it -> it.intercepted.add(INTERCEPTED.getOrDefault(key, "")));
      }
    } else if (key.equals("security.privileged") && line.value().equals("true")) {
      out.leave(line, "root has an id of its own here, which is nobody on the host");
    } else if (!REMARKS.matcher(key).matches() && !line.value().equals("false")) {
      out.leave(line, "Kapsel has nothing that means the same");
    }
  }

  /** Swap beyond memory is what a limit of memory means there. */
  private void swap(Line line) {
    Line memory = said.get("limits.memory");
    if (line.value().equals("false") && memory != null && !memory.value().endsWith("%")) {
      out.add(line, "lxc.cgroup2.memory.swap.max", "0");
    } else if (!line.value().equals("true")) {
      out.leave(line, "swap is limited together with memory, by a number of bytes");
    }
  }

  private void schedule(Line line) {
    Optional<Long> every = Optional.ofNullable(SCHEDULES.get(line.value()));
    if (every.isPresent()) {
      out.more(line, it -> it.snapshotEvery = every);
    } else if (!line.value().isEmpty()) {
      out.leave(line, "a snapshot is taken every so many hours or days: --snapshot-every");
    }
  }

  private void expiry(Line line) {
    Matcher time = EXPIRY.matcher(line.value());
    if (time.matches()) {
      long seconds = Long.parseLong(time.group(1)) * UNITS.getOrDefault(time.group(2), DAY);
      out.more(line, it -> it.snapshotKeep = Optional.of(seconds));
    } else if (!line.value().isEmpty()) {
      out.leave(line, "'" + line.value() + "' is no time such as 2w");
    }
  }

  private void memory(Line line) {
    if (line.value().endsWith("%")) {
      out.leave(line, "a limit is a number of bytes, and no part of the machine");
    } else {
      out.add(line, "lxc.cgroup2.memory.max", line.value());
    }
  }

  private void processors(Line line) {
    String value = line.value();
    if (value.matches("\\d{1,4}")) {
      out.add(line, "lxc.cgroup2.cpu.max", Long.parseLong(value) * PERIOD + " " + PERIOD);
    } else {
      out.add(line, "lxc.cgroup2.cpuset.cpus", value);
    }
  }

  private void allowance(Line line) {
    Matcher share = SHARE.matcher(line.value());
    if (share.matches()) {
      out.add(line, "lxc.cgroup2.cpu.max", share.group(1) + "000 " + share.group(2) + "000");
    } else if (line.value().matches("\\d{1,3}%")) {
      String percent = line.value().substring(0, line.value().length() - 1);
      out.add(line, "lxc.cgroup2.cpu.weight", percent);
    } else {
      out.leave(line, "'" + line.value() + "' is neither 25ms/100ms nor 50%");
    }
  }

  private void raw(Line line) {
    int number = line.number();
    for (String each : line.value().split("\n", -1)) {
      String[] halves = each.split("=", 2);
      number++;
      if (halves.length == 2 && LxcKeys.isKnown(halves[0].strip())) {
        String key = halves[0].strip();
        out.add(new Line(number, key, halves[1].strip()), key, halves[1].strip());
      } else if (!each.isBlank()) {
        out.leave(new Line(number, line.key(), each), "'" + each.strip() + "' is no key of LXC's");
      }
    }
  }

  private void device(String called, Map<String, Line> device) {
    String type = Optional.ofNullable(device.get("type")).map(Line::value).orElse("");
    Line any = device.getOrDefault("type", device.values().iterator().next());
    switch (type.toLowerCase(Locale.ROOT)) {
      case "disk" -> disk(any, device);
      case "nic" -> card(called, any, device);
      case "proxy" -> port(any, device);
      case "unix-char", "unix-block" -> node(any, device);
      case "none" -> {}
      default -> out.leave(any, "a device of the type '" + type + "' is given by --device");
    }
  }

  private void disk(Line line, Map<String, Line> device) {
    Line source = device.get("source");
    Line path = device.get("path");
    if (path != null && path.value().equals("/")) {
      Optional.ofNullable(device.get("size"))
          .ifPresent(size -> out.leave(size, "the room of a root is not limited"));
      return;
    }
    if (source == null
        || path == null
        || !path.value().startsWith("/")
        || device.containsKey("pool")) {
      out.leave(line, "only directories and files of the host become mounts, not volumes of Incus");
      return;
    }
    boolean readOnly =
        Optional.ofNullable(device.get("readonly"))
            .filter(it -> it.value().equals("true"))
            .isPresent();
    out.add(
        source,
        "lxc.mount.entry",
        "%s %s none bind,create=dir%s 0 0"
            .formatted(source.value(), path.value().substring(1), readOnly ? ",ro" : ""));
  }

  private static String value(Map<String, Line> device, String key) {
    return Optional.ofNullable(device.get(key)).map(Line::value).orElse("");
  }

  /** One that listens on the host is a published port. */
  private void port(Line line, Map<String, Line> device) {
    Matcher listen = END.matcher(value(device, "listen"));
    Matcher connect = END.matcher(value(device, "connect"));
    if (value(device, "bind").matches("guest|instance|container")
        || !listen.matches()
        || !connect.matches()
        || !listen.group(1).equals(connect.group(1))) {
      out.leave(
          line, "only one port of the host that leads to one of the container, of one protocol");
      return;
    }
    String published =
        "%s:%s:%s/%s"
            .formatted(listen.group(2), listen.group(3), connect.group(3), connect.group(1));
    out.more(line, it -> it.ports.addAll(Port.parse(published)));
  }

  private void node(Line line, Map<String, Line> device) {
    String inside = value(device, "path");
    String source = value(device, "source").isEmpty() ? inside : value(device, "source");
    String target = inside.isEmpty() ? source : inside;
    out.more(line, it -> it.device(Path.of(source), target, "rwm"));
  }

  private void card(String called, Line line, Map<String, Line> device) {
    String card = "lxc.net." + cards++ + ".";
    Line kind = device.getOrDefault("nictype", line);
    String type = KINDS.getOrDefault(kind.value(), "veth");
    out.add(kind, card + "type", type);
    if (type.equals("macvlan")) {
      out.add(kind, card + "macvlan.mode", "bridge");
    }
    device.forEach((key, each) -> {
      switch (key) {
        case "mtu" -> out.add(each, card + "mtu", each.value());
        case "network", "parent" -> out.add(each, card + "link", each.value());
        case "hwaddr" -> out.add(each, card + "hwaddr", each.value());
        case "ipv4.address" -> out.add(each, card + "ipv4.address", each.value());
        case "ipv6.address" -> out.add(each, card + "ipv6.address", each.value());
        case "name" -> {
          if (!type.equals("veth")) {
            out.add(each, card + "name", each.value());
          }
        }
        case "type", "nictype" -> {}
        default -> out.leave(each, "a card has nothing that means the same");
      }
    });
    Optional.ofNullable(said.get("volatile." + called + ".hwaddr"))
        .filter(_ -> !device.containsKey("hwaddr"))
        .ifPresent(address -> out.add(address, card + "hwaddr", address.value()));
  }
}
