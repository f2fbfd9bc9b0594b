package io.kapsel.lxc;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code lxc-update-config}: gives the keys of a configuration the names that LXC 3 gave them. */
final class LxcUpdateConfig {
  private static final String NETWORK = "lxc.network.";

  /** A line that says something, or once did: blanks and comment signs, key, rest. */
  private static final Pattern LINE =
      Pattern.compile("([\\s#]*)(lxc\\.[A-Za-z0-9_.]+)(\\s*=\\s*)(.*)");

  private final List<String> lines = new ArrayList<>();
  private String backend = "dir";
  private int cards = -1;

  private LxcUpdateConfig() {}

  static int run(LxcCall call) {
    Optional<String> named = call.options().last("config");
    if (named.isEmpty()) {
      call.print("lxc-update-config -h|--help [-c|--config]");
      call.print("config: the container configuration to update");
      return 0;
    }
    Path file = call.caller().directory().resolve(named.get());
    String text = LxcCopies.read(file);
    String updated = update(text);
    LxcCopies.write(file.resolveSibling(file.getFileName() + ".backup"), text);
    LxcCopies.write(file, updated);
    return 0;
  }

  /** The same text with today's names. */
  static String update(String text) {
    LxcUpdateConfig update = new LxcUpdateConfig();
    text.lines().map(LINE::matcher).filter(Matcher::matches).forEach(update::notice);
    text.lines().forEach(update::add);
    return update.lines.isEmpty() ? "" : String.join("\n", update.lines) + "\n";
  }

  private void notice(Matcher line) {
    if (line.group(2).equals("lxc.rootfs.backend")) {
      backend = line.group(4).strip();
    }
  }

  private void add(String text) {
    Matcher line = LINE.matcher(text);
    if (!line.matches()) {
      lines.add(text);
      return;
    }
    String key = line.group(2);
    if (LxcKeys.GONE.contains(key)) {
      return;
    }
    String value = key.equals("lxc.rootfs") ? backend + ":" + line.group(4) : line.group(4);
    lines.add(line.group(1) + now(key) + line.group(3) + value);
  }

  /** Each lxc.network.type begins a card; those that have a number already keep it. */
  private String now(String key) {
    if (!key.startsWith(NETWORK)) {
      return LxcKeys.now(key).orElse(key);
    }
    String rest = key.substring(NETWORK.length());
    if (Character.isDigit(rest.charAt(0))) {
      return "lxc.net." + LxcKeys.ofCard(rest);
    }
    if (rest.equals("type")) {
      cards++;
    }
    return "lxc.net." + Math.max(cards, 0) + "." + LxcKeys.ofCard(rest);
  }
}
