package io.kapsel.cli.command;

import io.kapsel.cli.flag.Flag;
import java.util.List;
import java.util.Set;

/** Flags of Docker that cannot be honoured here: they are known, and refused with the reason. */
public final class RefusedFlags {
  static final Flag<String> RUNTIME = only("runtime", "Runtime of the container: kapsel", "kapsel");
  public static final Flag<String> IPAM_DRIVER =
      only("ipam-driver", "Who gives addresses: default", "default", "");
  public static final Flag<String> IPAM_OPTION =
      refused("ipam-opt", "addresses have no options here");
  public static final Flag<String> LINK =
      refused(
          "link",
          "containers in one network find each other by name; give further ones with"
              + " --network-alias");
  public static final Flag<String> LINK_LOCAL =
      refused("link-local-ip", "addresses come from a network's subnet; use --ip or --ip6");
  public static final Flag<String> DRIVER_OPTION =
      refused("driver-opt", "networks here have no options for single containers");
  public static final Flag<Boolean> TREE =
      Flag.of(
          "tree",
          "",
          "Refused: 'kapsel image du' shows what images share",
          _ -> {
            throw new IllegalArgumentException("see 'kapsel image du' for what images share");
          });

  /** Those of {@code run} and {@code create}. */
  public static final List<Flag<?>> OF_CONTAINERS =
      List.of(
          RUNTIME,
          LINK_LOCAL,
          refused(
              "cgroup-parent",
              "the engine keeps the control groups of its containers below /kapsel, where it finds"
                  + " them again"),
          refused(
              "gpus",
              "no driver here knows what a GPU needs; give its nodes with --device, its libraries"
                  + " with -v"),
          refused(
              "storage-opt",
              "a container's own layer has no limit; write to a volume with a size, which"
                  + " 'kapsel volume create -o size=…' makes"));

  private RefusedFlags() {}

  private static Flag<String> refused(String name, String reason) {
    return Flag.of(
        name,
        "string",
        "Refused, with the reason",
        _ -> {
          throw new IllegalArgumentException(reason);
        });
  }

  private static Flag<String> only(String name, String usage, String... values) {
    return Flag.of(
        name,
        "string",
        usage,
        text -> {
          if (!Set.of(values).contains(text)) {
            throw new IllegalArgumentException("there is only '" + values[0] + "'");
          }
          return text;
        });
  }
}
