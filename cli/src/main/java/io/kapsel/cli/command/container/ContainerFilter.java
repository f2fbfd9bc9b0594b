package io.kapsel.cli.command.container;

import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.FilterText;
import io.kapsel.cli.command.Labels;
import io.kapsel.cli.command.network.ContainerNetworks;
import io.kapsel.cli.flag.Values;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.HealthStatus;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.image.ImageException;
import io.kapsel.network.Port;
import io.kapsel.oci.image.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One {@code --filter} of containers. */
record ContainerFilter(String key, String value) {
  private static final Set<String> KEYS =
      Set.of(
          "ancestor",
          "before",
          "exited",
          "expose",
          "health",
          "id",
          "is-task",
          "isolation",
          "label",
          "name",
          "network",
          "publish",
          "since",
          "status",
          "volume");
  private static final Set<String> STATES =
      Set.of("created", "restarting", "running", "removing", "paused", "exited", "dead");
  private static final Set<String> HEALTH = Set.of("starting", "healthy", "unhealthy", "none");
  private static final int MOST_STARS = 3;

  /** Reads {@code KEY=value}. */
  static ContainerFilter parse(String word) {
    FilterText text = FilterText.parse(word, KEYS);
    ContainerFilter filter = new ContainerFilter(text.key(), text.value());
    filter.checkValue(text);
    return filter;
  }

  private void checkValue(FilterText text) {
    switch (key) {
      case "status" -> {
        if (!STATES.contains(value)) {
          throw FilterText.invalid("status=" + value);
        }
      }
      case "health" -> {
        if (!HEALTH.contains(value)) {
          throw new CommandException(1, "unrecognised filter value for health: " + value);
        }
      }
      case "exited" -> number(value);
      case "is-task" -> text.truth();
      case "publish", "expose" -> port(value);
      default -> {}
    }
  }

  private static void number(String value) {
    try {
      Values.integer(value);
    } catch (IllegalArgumentException _) {
      throw FilterText.invalid("exited=" + value);
    }
  }

  private static void port(String value) {
    try {
      Port.parse(value);
    } catch (IllegalArgumentException e) {
      throw new CommandException(1, String.valueOf(e.getMessage()));
    }
  }

  /** Whether a filter asks for what {@code ps} hides otherwise. */
  static boolean asksForStatus(List<ContainerFilter> filters) {
    return filters.stream().anyMatch(it -> Set.of("status", "exited").contains(it.key));
  }

  /** All filters together: of those with one key one has to hold, but all that are of labels. */
  static Joined join(Engine engine, List<ContainerFilter> filters) {
    return new Joined(
        filters.stream()
            .collect(
                Collectors.groupingBy(
                    it -> it.key.equals("label") ? it.toString() : it.key,
                    Collectors.mapping(it -> it.test(engine), Collectors.toList()))));
  }

  /** Filters by their keys. */
  record Joined(Map<String, List<Predicate<Engine.Container>>> byKey)
      implements Predicate<Engine.Container> {
    @Override
    public boolean test(Engine.Container it) {
      return byKey.values().stream().allMatch(any -> any.stream().anyMatch(each -> each.test(it)));
    }
  }

  /** What is looked up is looked up once. */
  private Predicate<Engine.Container> test(Engine engine) {
    return switch (key) {
      case "name" -> text(value, it -> List.of(it.name(), "/" + it.name()));
      case "id" -> text(value, it -> List.of(it.id()));
      case "status" -> it -> ContainerRow.state(it.status()).equals(value);
      case "label" -> it -> Labels.have(it.spec().labels(), value);
      case "exited" -> it -> exitedWith(it.status());
      case "health" -> it -> health(it.status()).equals(value);
      case "network" -> it -> onNetwork(it.spec());
      case "volume" -> it -> it.spec().mounts().stream().anyMatch(this::mounts);
      case "since" -> {
        Instant than = engine.container(value).status().createdAt();
        yield it -> it.status().createdAt().isAfter(than);
      }
      case "before" -> {
        Instant than = engine.container(value).status().createdAt();
        yield it -> it.status().createdAt().isBefore(than);
      }
      case "ancestor" -> ancestor(engine);
      case "isolation" -> _ -> value.equals("default");
      case "publish" -> it -> ports(it, true).anyMatch(this::isPort);
      case "expose" -> it -> ports(it, false).anyMatch(this::isPort);
      default -> _ -> !Values.bool(value); // nothing is a task of a swarm
    };
  }

  /** As Docker matches: the pattern may be anywhere. Those that could take for ever are texts. */
  private static Predicate<Engine.Container> text(
      String value, Function<Engine.Container, List<String>> of) {
    boolean simple =
        value.matches("[\\w.^$*+?|/-]*")
            && value.chars().filter(c -> c == '*' || c == '+').count() <= MOST_STARS
            && !value.matches(".*([*+?]{2}|(^|[|^])[*+?]).*");
    Pattern pattern = simple ? Pattern.compile(value) : Pattern.compile(Pattern.quote(value));
    return it -> of.apply(it).stream().anyMatch(each -> pattern.matcher(each).find());
  }

  private static Stream<Port> ports(Engine.Container it, boolean published) {
    Optional<NetworkRequest> asked = it.spec().networks();
    if (published) {
      return asked.stream().flatMap(all -> Port.each(all.published()).stream());
    }
    return asked.stream()
        .flatMap(all -> all.exposed().stream())
        .flatMap(t -> Port.parse(t).stream());
  }

  /** A number or a span of them, of tcp unless it says another. */
  private boolean isPort(Port port) {
    return Port.each(Port.parse(value)).stream()
        .anyMatch(it ->
            it.containerPort() == port.containerPort() && it.protocol().equals(port.protocol()));
  }

  private boolean exitedWith(ContainerStatus status) {
    return status.exit().filter(exit -> exit.code() == Values.integer(value)).isPresent();
  }

  private static String health(ContainerStatus status) {
    return status.health().map(HealthStatus::state).map(Object::toString).orElse("none");
  }

  private boolean onNetwork(ContainerSpec spec) {
    return ContainerNetworks.names(spec).contains(value);
  }

  private boolean mounts(MountRequest mount) {
    return mount.target().equals(value)
        || (mount instanceof MountRequest.Bind bind && bind.source().toString().equals(value))
        || (mount instanceof MountRequest.Volume volume && volume.name().equals(value));
  }

  /** Those made from the root that was named, or from the image that has that name or id. */
  private Predicate<Engine.Container> ancestor(Engine engine) {
    Optional<String> image = imageOf(engine);
    return it ->
        it.spec().root().toString().equals(value)
            || (it.spec().root() instanceof RootSource.Image
                && it.imageId().equals(image)
                && image.isPresent());
  }

  private Optional<String> imageOf(Engine engine) {
    try {
      return engine.images().find(value).map(image -> image.id()).map(Digest::toString);
    } catch (ImageException | EngineException _) {
      return Optional.empty();
    }
  }
}
