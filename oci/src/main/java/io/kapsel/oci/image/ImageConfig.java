package io.kapsel.oci.image;

import io.kapsel.base.JsonName;
import io.kapsel.oci.InvalidSpecException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What an image says of itself and of the process in it; see image-spec, config.md. */
public record ImageConfig(
    Optional<String> created,
    Optional<String> author,
    String architecture,
    String os,
    @JsonName("os.version") Optional<String> osVersion,
    Optional<String> variant,
    Optional<Execution> config,
    RootFs rootfs,
    List<History> history) {
  /** Copies the list. */
  public ImageConfig {
    history = List.copyOf(history);
  }

  /** An object without properties, as the values of Volumes and ExposedPorts are. */
  public record Nothing() {}

  /** How the process runs by default. */
  public record Execution(
      @JsonName("User") Optional<String> user,
      @JsonName("ExposedPorts") Map<String, Nothing> exposedPorts,
      @JsonName("Env") List<String> env,
      @JsonName("Entrypoint") List<String> entrypoint,
      @JsonName("Cmd") List<String> cmd,
      @JsonName("Volumes") Map<String, Nothing> volumes,
      @JsonName("WorkingDir") Optional<String> workingDir,
      @JsonName("Labels") Map<String, String> labels,
      @JsonName("StopSignal") Optional<String> stopSignal,
      @JsonName("Healthcheck") Optional<Healthcheck> healthcheck,
      @JsonName("Shell") List<String> shell,
      @JsonName("OnBuild") List<String> onBuild) {
    /** An image that says nothing. */
    public static final Execution EMPTY =
        new Execution(
            Optional.empty(),
            Map.of(),
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            Optional.empty(),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            List.of());
  }

  /** Docker's check of a container's health; times in nanoseconds. */
  public record Healthcheck(
      @JsonName("Test") List<String> test,
      @JsonName("Interval") Optional<Long> interval,
      @JsonName("Timeout") Optional<Long> timeout,
      @JsonName("StartPeriod") Optional<Long> startPeriod,
      @JsonName("StartInterval") Optional<Long> startInterval,
      @JsonName("Retries") Optional<Integer> retries) {}

  /** The digests of the layers before compression, the lowest first. */
  public record RootFs(String type, @JsonName("diff_ids") List<String> diffIds) {
    /** Checks the digests. */
    public RootFs {
      diffIds = List.copyOf(diffIds);
      if (!type.equals("layers")) {
        throw new InvalidSpecException("rootfs.type", type, "is not 'layers'");
      }
      diffIds.forEach(Digest::parse);
    }
  }

  /** How a layer came to be. */
  public record History(
      Optional<String> created,
      @JsonName("created_by") Optional<String> createdBy,
      Optional<String> author,
      Optional<String> comment,
      @JsonName("empty_layer") Optional<Boolean> emptyLayer) {}

  /** The digests of the layers before compression, the lowest first. */
  public List<Digest> diffIds() {
    return rootfs.diffIds().stream().map(Digest::parse).toList();
  }

  /** What it runs on. */
  public Platform platform() {
    return new Platform(architecture, os, osVersion, variant);
  }

  /** How the process runs by default, also when the image does not say. */
  public Execution execution() {
    return config.orElse(Execution.EMPTY);
  }
}
