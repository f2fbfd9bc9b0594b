package io.kapsel.oci;

import io.kapsel.base.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** A whole {@code config.json} (runtime-spec, config.md). */
public record Spec(
    String ociVersion,
    Optional<Process> process,
    Optional<Root> root,
    Optional<String> hostname,
    Optional<String> domainname,
    List<Mount> mounts,
    Optional<Hooks> hooks,
    Map<String, String> annotations,
    Optional<Linux> linux) {
  /** The version of the specification that is written here, and the newest that is read. */
  public static final String VERSION = "1.3.0";

  private static final Pattern VERSION_1 =
      Pattern.compile("1\\.\\d+\\.\\d+(-[0-9A-Za-z.-]+)?(\\+.*)?");
  private static final int LONGEST_HOSTNAME = 64;

  /** Checks each part. */
  public Spec {
    mounts = List.copyOf(mounts);
    annotations = Map.copyOf(annotations);
    Check.that(
        VERSION_1.matcher(ociVersion).matches(), "ociVersion", ociVersion, "is not a version 1.x");
    hostname.ifPresent(name -> checkName("hostname", name));
    domainname.ifPresent(name -> checkName("domainname", name));
    for (String key : annotations.keySet()) {
      Check.that(!key.isEmpty(), "annotations", key, "has an empty key");
    }
  }

  private static void checkName(String path, String name) {
    Check.noNul(path, name);
    Check.that(
        name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_HOSTNAME,
        path,
        name,
        "is longer than 64 bytes");
  }

  /**
   * Reads a {@code config.json}.
   *
   * @throws io.kapsel.base.JsonException when it is no JSON, or a part is of the wrong kind
   * @throws InvalidSpecException when a part says what the specification does not allow
   */
  public static Spec parse(byte[] json) {
    return Json.read(json, Spec.class);
  }

  /** The {@code config.json}, without what is absent. */
  public byte[] toJson() {
    return Json.write(this);
  }

  /** The same with other mounts. */
  public Spec withMounts(List<Mount> others) {
    return new Spec(
        ociVersion, process, root, hostname, domainname, others, hooks, annotations, linux);
  }

  /** The same with another part {@code linux}. */
  public Spec withLinux(Optional<Linux> other) {
    return new Spec(
        ociVersion, process, root, hostname, domainname, mounts, hooks, annotations, other);
  }

  /** The same with other hooks. */
  public Spec withHooks(Hooks others) {
    return new Spec(
        ociVersion,
        process,
        root,
        hostname,
        domainname,
        mounts,
        Optional.of(others),
        annotations,
        linux);
  }
}
