package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.Healthcheck;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.linux.process.Signal;
import io.kapsel.oci.image.ImageConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an image says of its process, where the caller did not say otherwise, as Docker joins it.
 */
final class ImageDefaults {
  private ImageDefaults() {}

  static ContainerSpec apply(ContainerSpec spec, ImageConfig config, String image) {
    ImageConfig.Execution said = config.execution();
    boolean own = spec.entrypoint().isPresent();
    List<String> entrypoint = spec.entrypoint().orElse(said.entrypoint());
    // A command of the image belongs to its own entry point only.
    List<String> command = spec.command().isEmpty() && !own ? said.cmd() : spec.command();
    List<String> env = new ArrayList<>();
    said.env().stream().filter(each -> each.indexOf('=') > 0).forEach(env::add);
    env.addAll(spec.env());
    Map<String, String> labels = new HashMap<>(said.labels());
    labels.putAll(spec.labels());
    return spec.completed(
        new ContainerSpec.Completion(
            entrypoint.isEmpty() ? Optional.empty() : Optional.of(entrypoint),
            command,
            env,
            spec.workingDirectory().or(() -> directory(said)),
            spec.user().or(() -> said.user().filter(it -> !it.isEmpty())),
            labels,
            spec.stopSignal().or(() -> signal(said, image)),
            mounts(spec, said),
            health(spec, said)));
  }

  /** A place that an image wants kept is a volume of this container unless it said otherwise. */
  private static List<MountRequest> mounts(ContainerSpec spec, ImageConfig.Execution said) {
    List<MountRequest> all = new ArrayList<>(spec.mounts());
    for (String place : said.volumes().keySet()) {
      if (place.startsWith("/") && place.indexOf('\0') < 0) {
        MountRequest wanted = new MountRequest.Volume("", place, false, true, Map.of());
        if (all.stream().noneMatch(each -> each.target().equals(wanted.target()))) {
          all.add(wanted);
        }
      }
    }
    return all;
  }

  private static Optional<Healthcheck> health(ContainerSpec spec, ImageConfig.Execution said) {
    Optional<Healthcheck> own = said.healthcheck().flatMap(ImageDefaults::health);
    return spec.health().map(it -> own.map(it::or).orElse(it)).or(() -> own);
  }

  /** What makes no sense in an image is as if it said nothing. */
  private static Optional<Healthcheck> health(ImageConfig.Healthcheck said) {
    try {
      return Optional.of(
          new Healthcheck(
              probe(said.test()),
              duration(said.interval()),
              duration(said.timeout()),
              duration(said.startPeriod()),
              duration(said.startInterval()),
              said.retries().filter(it -> it > 0),
              false));
    } catch (InvalidRequestException _) {
      return Optional.empty();
    }
  }

  private static Optional<Healthcheck.Probe> probe(List<String> test) {
    String kind = test.isEmpty() ? "" : test.getFirst();
    List<String> words = test.isEmpty() ? test : test.subList(1, test.size());
    return switch (kind) {
      case "NONE" -> Optional.of(new Healthcheck.Probe.None());
      case "CMD" -> Optional.of(new Healthcheck.Probe.Command(words));
      case "CMD-SHELL" ->
          Optional.of(
              new Healthcheck.Probe.Command(List.of("/bin/sh", "-c", String.join(" ", words))));
      default -> Optional.empty();
    };
  }

  private static Optional<Duration> duration(Optional<Long> nanos) {
    return nanos.filter(it -> it > 0).map(Duration::ofNanos);
  }

  private static Optional<String> directory(ImageConfig.Execution said) {
    return said.workingDir()
        .filter(it -> !it.isEmpty())
        .map(it -> it.startsWith("/") ? it : "/" + it);
  }

  private static Optional<String> signal(ImageConfig.Execution said, String image) {
    Optional<String> signal = said.stopSignal().filter(it -> !it.isEmpty());
    if (signal.isPresent() && Signal.parse(signal.get()).isEmpty()) {
      throw new EngineException.Invalid(
          "use", image, "its stop signal '" + signal.get() + "' is none");
    }
    return signal;
  }

  /** How a container's process runs, as an image made from it says it. */
  static ImageConfig.Execution execution(
      ContainerSpec spec, Optional<ImageConfig.Execution> image) {
    ImageConfig.Execution base = image.orElse(ImageConfig.Execution.EMPTY);
    Map<String, String> env = new java.util.LinkedHashMap<>();
    for (String each : spec.env()) {
      int equals = each.indexOf('=');
      env.put(each.substring(0, equals), each);
    }
    return new ImageConfig.Execution(
        spec.user(),
        base.exposedPorts(),
        List.copyOf(env.values()),
        spec.entrypoint().orElse(List.of()),
        spec.command(),
        base.volumes(),
        spec.workingDirectory(),
        new java.util.TreeMap<>(spec.labels()),
        spec.stopSignal(),
        base.healthcheck(),
        base.shell(),
        base.onBuild());
  }
}
