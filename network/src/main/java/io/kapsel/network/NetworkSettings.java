package io.kapsel.network;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How an engine's networks are.
 *
 * @param state the directory of the engine's state
 * @param run the directory of what a reboot ends
 * @param pools out of which networks get addresses, as {@code SUBNET,BITS}; empty: the usual ones
 * @param byDefault whether a container whose caller names no network is in {@code bridge}
 * @param obeysHost whether published ports obey what the host's own rules say of its input
 * @param configurations where networks of plugins are described
 * @param plugins where plugins are looked for, one after the other
 */
public record NetworkSettings(
    Path state,
    Path run,
    List<String> pools,
    boolean byDefault,
    boolean obeysHost,
    Path configurations,
    List<Path> plugins) {
  /** Where networks of plugins are described unless somebody says otherwise. */
  public static final String CONFIGURATIONS = "/etc/cni/net.d";

  /** Where plugins are unless somebody says otherwise: those of others, and Debian's. */
  public static final String PLUGINS = "/opt/cni/bin:/usr/lib/cni";

  /** Takes only whole paths: what they are relative to would depend on who starts the engine. */
  public NetworkSettings {
    pools = List.copyOf(pools);
    plugins = List.copyOf(plugins);
    Stream.concat(Stream.of(configurations), plugins.stream())
        .filter(each -> !each.isAbsolute())
        .findFirst()
        .ifPresent(each -> {
          throw new IllegalArgumentException("'" + each + "' is not an absolute path");
        });
  }

  /** With the usual places of plugins. */
  public NetworkSettings(
      Path state, Path run, List<String> pools, boolean byDefault, boolean obeysHost) {
    this(state, run, pools, byDefault, obeysHost, Path.of(CONFIGURATIONS), paths(PLUGINS));
  }

  /**
   * With what environment variables say: KAPSEL_ADDRESS_POOLS, KAPSEL_NETWORK,
   * KAPSEL_HOST_FIREWALL, KAPSEL_CNI_CONF and KAPSEL_CNI_PATH.
   */
  public static NetworkSettings ofEnvironment(
      Path state, Path run, Map<String, String> environment) {
    String pools = environment.getOrDefault("KAPSEL_ADDRESS_POOLS", "");
    return new NetworkSettings(
        state,
        run,
        pools.isBlank() ? List.of() : List.of(pools.strip().split("\\s+")),
        !environment.getOrDefault("KAPSEL_NETWORK", Network.DEFAULT).equals("none"),
        !environment.getOrDefault("KAPSEL_HOST_FIREWALL", "obey").equals("bypass"),
        Path.of(environment.getOrDefault("KAPSEL_CNI_CONF", CONFIGURATIONS)),
        paths(environment.getOrDefault("KAPSEL_CNI_PATH", PLUGINS)));
  }

  /** Several paths with colons between them. */
  public static List<Path> paths(String text) {
    return Stream.of(text.split(":")).map(Path::of).toList();
  }
}
