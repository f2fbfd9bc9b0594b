package io.kapsel.lxc;

import io.kapsel.engine.spec.ContainerSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Takes a container of LXC, Incus or OpenVZ over where it is: what its configuration says becomes a
 * specification, and each line that cannot be taken over is named.
 *
 * @param spec what the container is to be
 * @param leftOut what was said and is not obeyed, a line each
 */
public record Adoption(ContainerSpec spec, List<String> leftOut) {
  /** Without these the container would not be what it was. */
  private static final Set<String> NEEDED =
      Set.of("lxc.idmap", "lxc.rootfs.path", "lxc.rootfs.options", "lxc.seccomp.profile");

  /** What is read of the configuration while the container starts and ends. */
  private static final Pattern OF_EACH_START =
      Pattern.compile(
          "lxc\\.(hook\\.(?!version|pre-mount).*|net\\.\\d+\\.(script\\..*|veth\\.pair)|time\\.offset\\..*|sched\\.core"
              + "|signal\\.(reboot|stop)|console\\.(logfile|path)|group)");

  private static final String DEFAULT_NETWORK = "the default network is taken";

  /** Copies the list. */
  public Adoption {
    leftOut = List.copyOf(leftOut);
  }

  /** What a configuration of another system says, in LXC's words, and what there are none for. */
  record Said(String name, List<LxcConfig.Entry> entries, List<String> leftOut, Adopted more) {}

  /**
   * Reads what is at a path: the directory or the {@code config} of a container of LXC, the
   * directory or the {@code backup.yaml} of one of Incus, or the {@code VEID.conf} of one of
   * OpenVZ.
   *
   * @param name absent: the one that it has
   * @param networks whether there is a network of that name
   */
  public static Adoption read(Path path, Optional<String> name, Predicate<String> networks) {
    Said said = said(path);
    List<String> leftOut = new ArrayList<>(said.leftOut());
    List<LxcConfig.Entry> entries = new ArrayList<>(said.entries());
    Set<String> onLinks = onLinks(entries);
    entries.removeIf(
        each -> !onLinks.contains(card(each)) && isForeignNetwork(each, networks, leftOut));
    Set<String> named = ending(entries, ".link");
    entries.removeIf(each -> !named.contains(card(each)) && isAddressOfDefault(each, leftOut));
    entries.removeIf(each -> isLost(each, leftOut));
    while (true) {
      try {
        LxcConfig config = new LxcConfig(entries);
        ContainerSpec spec = LxcPlan.of(config, name.orElse(said.name()), Path.of("/"));
        return new Adoption(said.more().of(spec, path), leftOut);
      } catch (LxcConfig.WrongEntry e) {
        if (NEEDED.contains(e.entry().key()) || !entries.remove(e.entry())) {
          throw e;
        }
        leftOut.add(String.valueOf(e.getMessage()));
      }
    }
  }

  /** The cards that are on links of the host. */
  private static Set<String> onLinks(List<LxcConfig.Entry> entries) {
    return entries.stream()
        .filter(each ->
            each.key().endsWith(".macvlan.mode")
                || (each.key().endsWith(".type") && each.value().matches("phys|vlan|ipvlan")))
        .map(Adoption::card)
        .collect(Collectors.toSet());
  }

  /** The cards of which something is said. */
  private static Set<String> ending(List<LxcConfig.Entry> entries, String end) {
    return entries.stream()
        .filter(each -> each.key().endsWith(end))
        .map(Adoption::card)
        .collect(Collectors.toSet());
  }

  private static boolean isAddressOfDefault(LxcConfig.Entry entry, List<String> leftOut) {
    boolean address = entry.key().matches("lxc\\.net\\.\\d+\\.ipv[46]\\.(address|gateway)");
    if (address) {
      String text =
          "in the default network the engine chooses; make one by 'kapsel network create --subnet'";
      leftOut.add(String.valueOf(entry.wrong(text).getMessage()));
    }
    return address;
  }

  private static String card(LxcConfig.Entry entry) {
    return entry.key().replaceFirst("^(lxc\\.net\\.\\d+)?.*", "$1");
  }

  private static boolean isForeignNetwork(
      LxcConfig.Entry entry, Predicate<String> networks, List<String> leftOut) {
    boolean foreign =
        entry.key().matches("lxc\\.net\\.\\d+\\.link") && !networks.test(entry.value());
    if (foreign) {
      String text = "there is no network '" + entry.value() + "'; " + DEFAULT_NETWORK;
      leftOut.add(String.valueOf(entry.wrong(text).getMessage()));
    }
    return foreign;
  }

  /** What is done at each start by what the configuration says, and nobody reads it any more. */
  private static boolean isLost(LxcConfig.Entry entry, List<String> leftOut) {
    if (entry.value().equals(LxcAmendment.VIEW_OF_LXC)) {
      return true; // the engine's own is there in any case
    }
    LxcConfig alone = new LxcConfig(List.of(entry));
    boolean lost =
        (OF_EACH_START.matcher(entry.key()).matches() && !isNone(entry.value()))
            || (entry.key().equals("lxc.arch") && LxcAmendment.isNarrow(entry.value()))
            || !LxcGroups.others(alone).isEmpty()
            || new LxcAuto(alone).changes();
    if (lost) {
      String text = "it is obeyed for containers that are defined in LXC's place alone";
      leftOut.add(String.valueOf(entry.wrong(text).getMessage()));
    }
    return lost;
  }

  private static boolean isNone(String value) {
    return value.isEmpty() || value.equals("none");
  }

  private static Said said(Path path) {
    if (Files.isDirectory(path)) {
      for (String name : List.of("config", "backup.yaml")) {
        if (Files.isRegularFile(path.resolve(name))) {
          return said(path.resolve(name));
        }
      }
      throw new LxcException(
          "cannot read '" + path + "': there is neither 'config' nor 'backup.yaml' in it");
    }
    String file = path.getFileName().toString();
    if (file.endsWith(".yaml") || file.endsWith(".yml")) {
      return IncusConfig.read(path);
    }
    return file.endsWith(".conf") && !isLxc(path) ? OpenvzConfig.read(path) : lxc(path);
  }

  private static boolean isLxc(Path path) {
    return lines(path).stream().anyMatch(line -> line.strip().startsWith("lxc."));
  }

  private static Said lxc(Path path) {
    List<String> leftOut = new ArrayList<>();
    LxcConfig config = LxcConfig.read(path, wrong -> leave(wrong, leftOut));
    Path parent = path.toAbsolutePath().normalize().getParent();
    String name = parent == null ? "" : String.valueOf(parent.getFileName());
    Adopted more = new Adopted();
    more.starts = config.value("lxc.start.auto").filter("1"::equals).isPresent();
    config
        .value("lxc.start.order")
        .map(Long::valueOf)
        .ifPresent(it -> more.startOrder = Optional.of(it));
    config.value("lxc.start.delay").map(Integer::valueOf).ifPresent(it -> more.startDelay = it);
    return new Said(name, config.entries(), leftOut, more);
  }

  private static void leave(LxcException wrong, List<String> leftOut) {
    if (wrong instanceof LxcConfig.WrongEntry it && NEEDED.contains(it.entry().key())) {
      throw wrong;
    }
    leftOut.add(String.valueOf(wrong.getMessage()));
  }

  static List<String> lines(Path path) {
    try {
      return Files.readAllLines(path, StandardCharsets.UTF_8);
    } catch (java.nio.file.NoSuchFileException e) {
      throw new LxcException("cannot read '" + path + "': no such file or directory (ENOENT)");
    } catch (IOException e) {
      throw new LxcException("cannot read '" + path + "': " + e.getMessage());
    }
  }
}
