package io.kapsel.oci;

import java.util.List;
import java.util.Optional;

/** An entry of {@code mounts} in config.json (runtime-spec, config.md, "Mounts"). */
public record Mount(
    String destination,
    Optional<String> type,
    Optional<String> source,
    List<String> options,
    List<IdMapping> uidMappings,
    List<IdMapping> gidMappings) {
  /** Checks each part. A relative destination is one below the root, as in older versions. */
  public Mount {
    options = List.copyOf(options);
    uidMappings = List.copyOf(uidMappings);
    gidMappings = List.copyOf(gidMappings);
    Check.that(!destination.isEmpty(), "mounts[].destination", destination, "is empty");
    Check.noNul("mounts[].destination", destination);
    destination = destination.startsWith("/") ? destination : "/" + destination;
    source.ifPresent(path -> Check.noNul("mounts[].source", path));
    Check.noNul("mounts[].options", options);
    Check.that(
        uidMappings.isEmpty() == gidMappings.isEmpty(),
        "mounts[].uidMappings",
        destination,
        "needs gidMappings with it");
  }

  /** A mount without id mappings of its own. */
  public static Mount of(String destination, String type, String source, String... options) {
    return new Mount(
        destination,
        Optional.of(type),
        Optional.of(source),
        List.of(options),
        List.of(),
        List.of());
  }

  /** The same place and flags for a tree of the host in place of a file system of its own. */
  public Mount asBindOf(String tree) {
    List<String> flags = new java.util.ArrayList<>(List.of("rbind"));
    options.stream().filter(each -> !each.contains("=")).forEach(flags::add);
    return new Mount(
        destination, Optional.of("bind"), Optional.of(tree), flags, List.of(), List.of());
  }

  /** The same with other options. */
  public Mount withOptions(List<String> others) {
    return new Mount(destination, type, source, others, uidMappings, gidMappings);
  }

  /** The same at another place. */
  public Mount withDestination(String place) {
    return new Mount(place, type, source, options, uidMappings, gidMappings);
  }

  /** The same whose owners are shown as others. */
  public Mount withMappings(List<IdMapping> uids, List<IdMapping> gids) {
    return new Mount(destination, type, source, options, uids, gids);
  }

  /** Whether a file or directory of the host is shown. */
  public boolean isBind() {
    return type.filter("bind"::equals).isPresent()
        || options.contains("bind")
        || options.contains("rbind");
  }
}
