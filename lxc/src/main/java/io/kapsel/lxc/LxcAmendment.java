package io.kapsel.lxc;

import io.kapsel.oci.Hooks;
import io.kapsel.oci.Hooks.Hook;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a configuration of LXC adds to that of the engine: hooks inside, and clocks. */
final class LxcAmendment {
  /** What shows a container's own files of /proc for LXC; the engine's view does that here. */
  static final String VIEW_OF_LXC = "/usr/share/lxcfs/lxc.mount.hook";

  /** What {@code lxc.arch} may be for a personality of 32 bits. */
  private static final Set<String> ARCHITECTURES_OF_32 =
      Set.of("armhf", "armv7l", "i386", "i486", "i586", "i686", "linux32", "x86");

  private static final Linux.Personality NARROW = new Linux.Personality("LINUX32", List.of());

  private static final String OFFSET = "lxc.time.offset.";

  private final LxcConfig config;
  private final LxcHooks hooks;

  LxcAmendment(LxcHooks hooks) {
    this.hooks = hooks;
    this.config = hooks.config();
  }

  /** {@code root}: where hooks of the host find the container's root. */
  Spec to(Spec configuration, Path root) {
    Spec result = new LxcAuto(config).in(configuration);
    List<Hook> mounted = new ArrayList<>(hooks("mount", root));
    mounted.addAll(hooks("autodev", root));
    List<Hook> starting = hooks("start", root);
    if (!mounted.isEmpty() || !starting.isEmpty()) {
      result =
          result.withHooks(
              new Hooks(List.of(), mounted, List.of(), starting, List.of(), List.of()));
    }
    Map<String, Linux.TimeOffset> clocks = clocks();
    if (!clocks.isEmpty()) {
      result = result.withLinux(result.linux().map(it -> it.withClocks(clocks)));
    }
    return config.value("lxc.arch").filter(LxcAmendment::isNarrow).isPresent()
        ? result.withLinux(result.linux().map(it -> it.withPersonality(NARROW)))
        : result;
  }

  /** Whether the machine is to say that it is one of 32 bits. */
  static boolean isNarrow(String architecture) {
    return ARCHITECTURES_OF_32.contains(architecture);
  }

  private List<Hook> hooks(String moment, Path root) {
    return config.all("lxc.hook." + moment).stream()
        .filter(each -> !each.value().equals(VIEW_OF_LXC))
        .map(each ->
            new Hook(
                "/bin/sh", hooks.words(each, moment), hooks.inside(moment, root), Optional.empty()))
        .toList();
  }

  private Map<String, Linux.TimeOffset> clocks() {
    Map<String, Linux.TimeOffset> all = new HashMap<>();
    clock("boot").ifPresent(it -> all.put("boottime", it));
    clock("monotonic").ifPresent(it -> all.put("monotonic", it));
    return all;
  }

  private Optional<Linux.TimeOffset> clock(String name) {
    return config
        .value(OFFSET + name)
        .map(LxcAmendment::duration)
        .map(it -> new Linux.TimeOffset(it.getSeconds(), it.getNano()));
  }

  static Duration duration(String text) {
    long number = Long.parseLong(text.replaceFirst("[a-z]+$", ""));
    return switch (text.replaceFirst("^-?\\d+", "")) {
      case "h" -> Duration.ofHours(number);
      case "m" -> Duration.ofMinutes(number);
      case "s" -> Duration.ofSeconds(number);
      case "ms" -> Duration.ofMillis(number);
      case "us" -> Duration.ofNanos(Math.multiplyExact(number, 1000));
      default -> Duration.ofNanos(number);
    };
  }
}
