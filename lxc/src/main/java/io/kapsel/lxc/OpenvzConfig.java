package io.kapsel.lxc;

import io.kapsel.linux.capability.Capability;
import io.kapsel.lxc.Translation.Line;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The configuration of a container of OpenVZ, {@code VEID.conf}; see ctid.conf(5). */
final class OpenvzConfig {
  private static final Pattern LINE =
      Pattern.compile("([A-Z][A-Z0-9_]*)=(\"([^\"]*)\"|'([^']*)'|(\\S*))");
  private static final String UNLIMITED =
      "unlimited|9223372036854775807|2147483647|18446744073709551615";
  private static final int PAGE = 4096;
  private static final int PERIOD = 100_000;
  private static final int USUAL_UNITS = 1000;
  private static final int USUAL_WEIGHT = 100;

  /** What says where it came from, and changes nothing. */
  private static final Set<String> REMARKS =
      Set.of(
          "OSTEMPLATE",
          "ORIGIN_SAMPLE",
          "CONFIGFILE",
          "DISTRIBUTION",
          "DESCRIPTION",
          "UUID",
          "VEID",
          "VE_ROOT",
          "VE_PRIVATE",
          "NAME",
          "CREATION_TIME",
          "DISABLED");

  /** Counters of beans that no control group has. */
  private static final Set<String> BEANS =
      Set.of(
          "KMEMSIZE",
          "LOCKEDPAGES",
          "PRIVVMPAGES",
          "SHMPAGES",
          "VMGUARPAGES",
          "OOMGUARPAGES",
          "NUMTCPSOCK",
          "NUMFLOCK",
          "NUMPTY",
          "NUMSIGINFO",
          "TCPSNDBUF",
          "TCPRCVBUF",
          "OTHERSOCKBUF",
          "DGRAMRCVBUF",
          "NUMOTHERSOCK",
          "DCACHESIZE",
          "NUMFILE",
          "AVNUMPROC",
          "NUMIPTENT");

  private final Map<String, Line> lines = new LinkedHashMap<>();
  private final Translation out;
  private final String id;
  private int cards;

  private OpenvzConfig(Path file) {
    this.out = new Translation(file);
    this.id = file.getFileName().toString().replaceFirst("\\.conf$", "");
  }

  static Adoption.Said read(Path file) {
    OpenvzConfig config = new OpenvzConfig(file);
    List<String> text = Adoption.lines(file);
    for (int i = 0; i < text.size(); i++) {
      config.line(i + 1, text.get(i).strip());
    }
    config.root(file);
    config.lines.values().forEach(config::translate);
    String name =
        Optional.ofNullable(config.lines.get("NAME")).map(Line::value).orElse("ct" + config.id);
    return config.out.under(name);
  }

  private void line(int number, String text) {
    if (text.isEmpty() || text.startsWith("#")) {
      return;
    }
    Matcher line = LINE.matcher(text);
    if (!line.matches()) {
      out.leave(new Line(number, text, ""), "this is not KEY=\"VALUE\"");
      return;
    }
    String value =
        java.util.stream.Stream.of(3, 4, 5)
            .map(line::group)
            .filter(java.util.Objects::nonNull)
            .findFirst()
            .orElse("");
    lines.put(
        line.group(1),
        new Line(number, line.group(1), value.replaceAll("\\$(VEID|\\{VEID\\})", id)));
  }

  private void root(Path file) {
    Line place = lines.get("VE_PRIVATE");
    if (place == null) {
      throw new LxcException(
          "cannot read '" + file + "': VE_PRIVATE does not say where its files are");
    }
    Line layout = lines.get("VE_LAYOUT");
    if (layout != null && layout.value().startsWith("ploop")) {
      throw out.wrong(
          layout,
          "its files are in an image; copy them into a directory (vzctl convert --layout simfs)");
    }
    out.add(place, "lxc.rootfs.path", "dir:" + place.value());
  }

  private void translate(Line line) {
    String value = line.value();
    switch (line.key()) {
      case "HOSTNAME" -> out.add(line, "lxc.uts.name", value);
      case "PHYSPAGES" -> pages(line, "lxc.cgroup2.memory.max");
      case "SWAPPAGES" -> pages(line, "lxc.cgroup2.memory.swap.max");
      case "NUMPROC" -> count(line);
      case "CPUUNITS" -> units(line);
      case "CPULIMIT", "CPUS" -> processors(line);
      case "CPUMASK" -> out.add(line, "lxc.cgroup2.cpuset.cpus", value);
      case "IP_ADDRESS" -> addresses(line);
      case "NETIF" -> List.of(value.split(";", -1)).forEach(each -> card(line, each));
      case "ONBOOT" -> out.more(line, it -> it.starts = value.equals("yes"));
      case "BOOTORDER" -> // the highest goes first there
          out.more(line, it -> it.startOrder = Optional.of(-Long.parseLong(value)));
      case "NAMESERVER" -> words(line, it -> it.servers);
      case "SEARCHDOMAIN" -> words(line, it -> it.domains);
      case "CAPABILITY" -> capabilities(line);
      case "DEVNODES" -> devices(line);
      case "VE_LAYOUT" -> {}
      default -> other(line);
    }
  }

  private void words(Line line, Function<Adopted, List<String>> list) {
    if (!line.value().isBlank() && !line.value().equals("inherit")) {
      out.more(line, it -> list.apply(it).addAll(List.of(line.value().strip().split("\\s+", -1))));
    }
  }

  private void capabilities(Line line) {
    for (String word : line.value().strip().split("\\s+", -1)) {
      String capability = word.replaceFirst(":.*", "").toUpperCase(Locale.ROOT);
      if (word.endsWith(":off")) {
        out.add(line, "lxc.cap.drop", capability.toLowerCase(Locale.ROOT));
      } else if (word.endsWith(":on") && Capability.of(capability).isPresent()) {
        out.more(line, it -> it.capabilities.add(capability));
      } else if (!word.isEmpty()) {
        out.leave(line, "'" + word + "' is no capability with :on or :off");
      }
    }
  }

  /** {@code net/tun:rw}. */
  private void devices(Line line) {
    for (String word : line.value().strip().split("\\s+", -1)) {
      String[] halves = word.split(":", 2);
      String access = halves.length == 2 ? halves[1].replace("q", "") : "";
      if (access.isEmpty() || access.equals("none")) {
        continue;
      }
      String path = "/dev/" + halves[0];
      out.more(line, it -> it.device(Path.of(path), path, access));
    }
  }

  private void other(Line line) {
    boolean limitless = line.value().matches("(?:" + UNLIMITED + "|[0-9]+:)*(?:" + UNLIMITED + ")");
    if (REMARKS.contains(line.key()) || line.value().isEmpty() || limitless) {
      return;
    }
    out.leave(
        line,
        BEANS.contains(line.key())
            ? "the kernel has no such counter; PHYSPAGES, SWAPPAGES and NUMPROC limit memory and"
                + " tasks"
            : "Kapsel has nothing that means the same");
  }

  /** The limit behind the barrier. */
  private static String limit(Line line) {
    return line.value().substring(line.value().indexOf(':') + 1);
  }

  private void pages(Line line, String key) {
    String limit = limit(line);
    if (limit.matches(UNLIMITED)) {
      return;
    }
    boolean plain = limit.matches("\\d{1,12}");
    out.add(line, key, plain ? Long.toString(Long.parseLong(limit) * PAGE) : limit);
  }

  private void count(Line line) {
    String limit = limit(line);
    if (!limit.matches(UNLIMITED)) {
      out.add(line, "lxc.cgroup2.pids.max", limit);
    }
  }

  private Optional<Long> number(Line line) {
    if (line.value().matches("\\d{1,6}")) {
      return Optional.of(Long.valueOf(line.value()));
    }
    out.leave(line, "'" + line.value() + "' is no number");
    return Optional.empty();
  }

  /** 1000 units are what a container has that says nothing, as 100 are of a weight. */
  private void units(Line line) {
    number(line)
        .ifPresent(units ->
            out.add(
                line,
                "lxc.cgroup2.cpu.weight",
                Long.toString(Math.clamp(units * USUAL_WEIGHT / USUAL_UNITS, 1, 10_000))));
  }

  /** Of two limits the stricter one holds. */
  private void processors(Line line) {
    number(line)
        .map(_ -> percent(line.key()))
        .filter(it -> it < Long.MAX_VALUE && it <= percent("CPULIMIT") && it <= percent("CPUS"))
        .ifPresent(it -> out.add(line, "lxc.cgroup2.cpu.max", it * PERIOD / 100 + " " + PERIOD));
  }

  /** What a line says of processors; without a limit as much as there can be. */
  private long percent(String key) {
    Line line = lines.get(key);
    if (line == null || !line.value().matches("[1-9]\\d{0,5}")) {
      return Long.MAX_VALUE;
    }
    return Long.parseLong(line.value()) * (key.equals("CPUS") ? 100 : 1);
  }

  private void addresses(Line line) {
    String[] all = line.value().strip().split("\\s+", -1);
    if (all[0].isEmpty()) {
      return;
    }
    String card = "lxc.net." + cards++ + ".";
    out.add(line, card + "type", "veth");
    out.add(line, card + "ipv" + (all[0].contains(":") ? 6 : 4) + ".address", all[0]);
    for (int i = 1; i < all.length; i++) {
      out.leave(line, "a card has one address of a kind, not '" + all[i] + "', too");
    }
  }

  private void card(Line line, String text) {
    String card = "lxc.net." + cards++ + ".";
    out.add(line, card + "type", "veth");
    for (String word : text.split(",", -1)) {
      String[] halves = word.split("=", 2);
      String value = halves.length == 2 ? halves[1] : "";
      switch (halves[0]) {
        case "ifname" -> out.add(line, card + "name", value);
        case "mac" -> out.add(line, card + "hwaddr", value);
        case "bridge" -> out.add(line, card + "link", value);
        case "host_ifname", "host_mac", "" -> {} // the engine names its own ends
        default -> out.leave(line, "'" + word + "' cannot be taken over");
      }
    }
  }
}
