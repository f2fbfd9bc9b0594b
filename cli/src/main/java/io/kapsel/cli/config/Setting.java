package io.kapsel.cli.config;

import io.kapsel.base.GoDuration;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.network.NetworkSettings;
import io.kapsel.network.SubnetPools;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** One thing that may be set: its key in the file, its variable, and what it is otherwise. */
public enum Setting {
  /** Out of which networks get addresses. */
  ADDRESS_POOLS(
      "address-pools",
      "KAPSEL_ADDRESS_POOLS",
      "",
      "out of which networks get addresses: SUBNET,BITS …; empty: the usual ones",
      SubnetPools::check),
  /** Where networks of plugins are described. */
  CNI_CONF(
      "cni-conf",
      "KAPSEL_CNI_CONF",
      NetworkSettings.CONFIGURATIONS,
      "directory with the descriptions of networks that plugins make",
      Setting::paths),
  /** Where those plugins are. */
  CNI_PATH(
      "cni-path",
      "KAPSEL_CNI_PATH",
      NetworkSettings.PLUGINS,
      "directories in which plugins are looked for, with colons between them",
      Setting::paths),
  /** Who may use the socket. */
  GROUP(
      "group",
      "KAPSEL_GROUP",
      "kapsel",
      "group whose members may use the engine, where there is one: they are root in all but name",
      Setting::name),
  /** Whether ports obey the host. */
  HOST_FIREWALL(
      "host-firewall",
      "KAPSEL_HOST_FIREWALL",
      "obey",
      "whether published ports obey what the host's own rules say: obey or bypass",
      one("obey", "bypass")),
  /** When the engine ends. */
  IDLE_EXIT(
      "idle-exit",
      "KAPSEL_IDLE",
      "never",
      "after how long without a command the engine ends, such as 10m; containers go on",
      Setting::span),
  /** Where output is kept. */
  LOG_DRIVER(
      "log-driver",
      "KAPSEL_LOG_DRIVER",
      LogRequest.LOCAL,
      "log driver of a container whose caller names none: local, json-file, journald, syslog or none",
      one(
          LogRequest.LOCAL,
          LogRequest.JSON_FILE,
          LogRequest.JOURNALD,
          LogRequest.SYSLOG,
          LogRequest.NONE)),
  /** How much is logged. */
  LOG_LEVEL(
      "log-level",
      "KAPSEL_LOG",
      "info",
      "what the engine logs: trace, debug, info, warning or error",
      one("trace", "debug", "info", "warning", "error")),
  /** How output is kept. */
  LOG_OPTS(
      "log-opts",
      "KAPSEL_LOG_OPTS",
      "",
      "options of log-driver, as --log-opt has them: KEY=VALUE …",
      Setting::pairs),
  /** Who may read figures. */
  METRICS(
      "metrics",
      "KAPSEL_METRICS",
      "off",
      "where Prometheus reads figures by HTTP: off, ADDRESS:PORT or unix:PATH",
      text -> {
        var _ = MetricsAddress.parse(text);
      }),
  /** The network of those who name none. */
  NETWORK(
      "network",
      "KAPSEL_NETWORK",
      "bridge",
      "network of a container whose caller names none: bridge or none",
      one("bridge", "none")),
  /** How many sandboxes wait. */
  SANDBOX_POOL(
      "sandbox-pool",
      "KAPSEL_POOL",
      "2",
      "how many sandboxes wait ready for the next containers: 0 to 64",
      Setting::pool);

  private static final int LARGEST_POOL = 64;
  private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_-]{0,31}");

  private final String key;
  private final String variable;
  private final String usual;
  private final String meaning;

  @SuppressWarnings("ImmutableEnumChecker") // what is put there has no state
  private final Consumer<String> check;

  Setting(String key, String variable, String usual, String meaning, Consumer<String> check) {
    this.key = key;
    this.variable = variable;
    this.usual = usual;
    this.meaning = meaning;
    this.check = check;
  }

  /** Its name in the file. */
  public String key() {
    return key;
  }

  /** Its name in the engine's environment. */
  public String variable() {
    return variable;
  }

  /** What it is when nobody sets it. */
  public String usual() {
    return usual;
  }

  /** What it is for, one phrase. */
  public String meaning() {
    return meaning;
  }

  static Optional<Setting> find(String key) {
    return List.of(values()).stream().filter(each -> each.key.equals(key)).findFirst();
  }

  /** What is wrong with {@code text}; empty when nothing is. */
  Optional<String> wrong(String text) {
    try {
      check.accept(text);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of("'" + text + "' is no value of " + key + ": " + e.getMessage());
    }
  }

  private static Consumer<String> one(String... words) {
    return text -> {
      if (!List.of(words).contains(text)) {
        throw new IllegalArgumentException("it is one of " + String.join(", ", words));
      }
    };
  }

  private static void pairs(String text) {
    for (String each : text.isBlank() ? new String[0] : text.strip().split("\\s+")) {
      if (each.indexOf('=') < 1) {
        throw new IllegalArgumentException("'" + each + "' is not KEY=VALUE");
      }
    }
  }

  private static void span(String text) {
    if (!text.equals("never") && GoDuration.parse(text).isNegative()) {
      throw new IllegalArgumentException("it is negative");
    }
  }

  private static void pool(String text) {
    if (!text.matches("\\d{1,2}") || Integer.parseInt(text) > LARGEST_POOL) {
      throw new IllegalArgumentException("it is a number from 0 to 64");
    }
  }

  private static void paths(String text) {
    if (text.isBlank() || !NetworkSettings.paths(text).stream().allMatch(Path::isAbsolute)) {
      throw new IllegalArgumentException("a path is not absolute");
    }
  }

  private static void name(String text) {
    if (!NAME.matcher(text).matches()) {
      throw new IllegalArgumentException("it is not the name of a group");
    }
  }
}
