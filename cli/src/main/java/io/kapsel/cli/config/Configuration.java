package io.kapsel.cli.config;

import io.kapsel.base.GoDuration;
import io.kapsel.engine.EngineConfig;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.network.NetworkSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What an engine goes by: each setting's value, and who says so. The environment wins. */
public final class Configuration {
  /** Where the file is, unless KAPSEL_CONFIG names another. */
  public static final Path FILE = Path.of("/etc/kapsel/kapsel.conf");

  private static final String VARIABLE = "KAPSEL_CONFIG";
  private static final String USUAL = "default";

  /**
   * A value.
   *
   * @param from {@code default}, {@code FILE:LINE}, or the variable of the environment
   */
  public record Value(String text, String from) {}

  private final Map<Setting, Value> values;

  private Configuration(Map<Setting, Value> values) {
    this.values = new EnumMap<>(values);
  }

  /** With nothing set. */
  public static Configuration usual() {
    return of(Optional.empty(), Map.of());
  }

  /**
   * As the file and the environment of this process say.
   *
   * @throws ConfigException with the first thing in it that makes no sense
   */
  public static Configuration read(Map<String, String> environment) {
    Optional<Path> named = Optional.ofNullable(environment.get(VARIABLE)).map(Path::of);
    Optional<Path> file = named.or(() -> Optional.of(FILE).filter(Files::exists));
    return of(file.map(ConfigFile::read), environment);
  }

  /** What is wrong with the settings of a file together. */
  public static Optional<String> wrong(ConfigFile file) {
    try {
      Configuration _ = of(Optional.of(file), Map.of());
      return Optional.empty();
    } catch (ConfigException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  static Configuration of(Optional<ConfigFile> file, Map<String, String> environment) {
    file.flatMap(it -> it.problems().stream().findFirst())
        .ifPresent(it -> {
          throw new ConfigException(it);
        });
    Map<Setting, Value> values = new EnumMap<>(Setting.class);
    for (Setting each : Setting.values()) {
      Optional<Value> ofEnvironment =
          Optional.ofNullable(environment.get(each.variable())).map(text -> variable(each, text));
      Optional<Value> ofFile =
          file.flatMap(it ->
              it.find(each).map(line -> new Value(line.value(), it.name() + ":" + line.number())));
      values.put(each, ofEnvironment.or(() -> ofFile).orElse(new Value(each.usual(), USUAL)));
    }
    Configuration whole = new Configuration(values);
    LogRequest _ = whole.log();
    return whole;
  }

  private static Value variable(Setting setting, String text) {
    String value = setting == Setting.LOG_LEVEL ? text.toLowerCase(java.util.Locale.ROOT) : text;
    setting
        .wrong(value)
        .ifPresent(it -> {
          throw new ConfigException(setting.variable() + " in the environment: " + it);
        });
    return new Value(value, setting.variable());
  }

  /** What is in force of a setting. */
  public Value get(Setting setting) {
    return values.getOrDefault(setting, new Value(setting.usual(), USUAL));
  }

  /** The same, but for these settings, which are as another says. */
  Configuration with(Set<Setting> settings, Configuration other) {
    Map<Setting, Value> changed = new EnumMap<>(values);
    settings.forEach(each -> changed.put(each, other.get(each)));
    return new Configuration(changed);
  }

  private String text(Setting setting) {
    return get(setting).text();
  }

  /** After how long without a command the engine ends. */
  public Optional<Duration> idleExit() {
    return Optional.of(text(Setting.IDLE_EXIT))
        .filter(it -> !it.equals("never"))
        .map(GoDuration::parse);
  }

  /** Whose members may use the engine. */
  public String group() {
    return text(Setting.GROUP);
  }

  /** What is logged. */
  public System.Logger.Level logLevel() {
    return System.Logger.Level.valueOf(text(Setting.LOG_LEVEL).toUpperCase(java.util.Locale.ROOT));
  }

  /** Where figures are read. */
  public Optional<MetricsAddress> metrics() {
    return MetricsAddress.parse(text(Setting.METRICS));
  }

  /** Where the output of a container is kept that does not say it. */
  private LogRequest log() {
    Map<String, String> options = new TreeMap<>();
    for (String each : text(Setting.LOG_OPTS).strip().split("\\s+")) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        options.put(each.substring(0, equals), each.substring(equals + 1));
      }
    }
    try {
      return new LogRequest(text(Setting.LOG_DRIVER), options);
    } catch (InvalidRequestException e) {
      Value opts = get(Setting.LOG_OPTS);
      throw new ConfigException(
          "log-driver and log-opts (from %s and %s): %s"
              .formatted(get(Setting.LOG_DRIVER).from(), opts.from(), e.getMessage()));
    }
  }

  /** What the engine has to know of it. */
  public EngineConfig engine(Path state, Path run) {
    EngineConfig usual = EngineConfig.of(state, run);
    String pools = text(Setting.ADDRESS_POOLS).strip();
    EngineConfig networked =
        usual.with(
            Integer.parseInt(text(Setting.SANDBOX_POOL)),
            new NetworkSettings(
                state,
                run,
                pools.isEmpty() ? List.of() : List.of(pools.split("\\s+")),
                !text(Setting.NETWORK).equals("none"),
                !text(Setting.HOST_FIREWALL).equals("bypass"),
                Path.of(text(Setting.CNI_CONF)),
                NetworkSettings.paths(text(Setting.CNI_PATH))));
    return networked.with(log());
  }
}
