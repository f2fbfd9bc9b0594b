package io.kapsel.lxc;

import io.kapsel.linux.process.Signal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What LXC answers when it is asked for a key: often not what the configuration says. */
final class LxcShown {
  /** Each of many ends its line. */
  private static final Pattern LISTS =
      Pattern.compile(
          "lxc\\.(cap\\.(drop|keep)|cgroup2?\\..*|environment(\\..*)?|group|hook\\.(?!version).*"
              + "|mount\\.entry)");

  private static final Set<String> OF_WORDS = Set.of("lxc.cap.drop", "lxc.cap.keep", "lxc.group");

  /** All keys below them can be asked for at once. */
  private static final Set<String> FAMILIES =
      Set.of("lxc.cgroup", "lxc.cgroup2", "lxc.prlimit", "lxc.proc", "lxc.sysctl");

  private static final Pattern NUMBERS =
      Pattern.compile(
          "lxc\\.(autodev|ephemeral|hook\\.version|init\\.[ug]id|monitor\\.unshare|no_new_privs|pty\\.max|signal\\..*|start\\..*|tty\\.max)");

  private static final String CARDS = "lxc.net";
  private static final String DIRECTORY = "dir:";

  private final LxcConfig config;
  private final String key;

  private LxcShown(LxcConfig config, String key) {
    this.config = config;
    this.key = key;
  }

  /** Absent: there is no such key. */
  static Optional<String> of(LxcConfig config, String key) {
    boolean known =
        FAMILIES.contains(key)
            || (LxcKeys.isKnown(key) && !key.matches("lxc\\.(net\\.\\d+|include)"));
    return known ? Optional.of(new LxcShown(config, key).text()) : Optional.empty();
  }

  private String text() {
    if (FAMILIES.contains(key)) {
      return lines(config.below(key + ".").stream().map(each -> each.key() + " = " + each.value()));
    }
    if (key.equals(CARDS)) {
      return lines(LxcCard.types(config).stream());
    }
    List<String> values = config.all(key).stream().map(LxcConfig.Entry::value).toList();
    if (OF_WORDS.contains(key)) {
      return lines(values.stream().flatMap(each -> Arrays.stream(each.split("\\s+", -1))));
    }
    if (LISTS.matcher(key).matches()) {
      return lines(values.stream());
    }
    if (NUMBERS.matcher(key).matches()) {
      String usual = key.equals("lxc.autodev") ? "1" : "0";
      String last = values.isEmpty() ? usual : values.getLast();
      return Signal.parse(last).map(Signal::number).map(Object::toString).orElse(last);
    }
    if (values.isEmpty()) {
      return "";
    }
    return key.equals("lxc.rootfs.path") && values.getLast().startsWith(DIRECTORY)
        ? values.getLast().substring(DIRECTORY.length())
        : String.join("\n", key.equals("lxc.idmap") ? values : List.of(values.getLast()));
  }

  private static String lines(Stream<String> all) {
    return all.map(each -> each + "\n").collect(Collectors.joining());
  }
}
