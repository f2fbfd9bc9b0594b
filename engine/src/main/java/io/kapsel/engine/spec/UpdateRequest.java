package io.kapsel.engine.spec;

import io.kapsel.network.Port;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What is to be another of a container that is there; what is not named stays.
 *
 * @param env NAME=value
 * @param labelsRemoved keys
 * @param mounts those with the target of one that is there take its place
 * @param mountsRemoved targets
 * @param portsRemoved only their number inside and their protocol count
 */
public record UpdateRequest(
    Limits limits,
    Optional<RestartPolicy> policy,
    List<String> env,
    List<String> envRemoved,
    Map<String, String> labels,
    List<String> labelsRemoved,
    List<MountRequest> mounts,
    List<String> mountsRemoved,
    List<Port> ports,
    List<Port> portsRemoved,
    CareChange care) {
  /** Copies the collections. */
  public UpdateRequest {
    env = List.copyOf(env);
    envRemoved = List.copyOf(envRemoved);
    labels = Map.copyOf(labels);
    labelsRemoved = List.copyOf(labelsRemoved);
    mounts = List.copyOf(mounts);
    mountsRemoved = List.copyOf(mountsRemoved);
    ports = List.copyOf(ports);
    portsRemoved = List.copyOf(portsRemoved);
  }

  /** Other limits, and perhaps another policy. */
  public static UpdateRequest of(Limits limits, Optional<RestartPolicy> policy) {
    return new UpdateRequest(
        limits,
        policy,
        List.of(),
        List.of(),
        Map.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        CareChange.NONE);
  }

  /** Whether it changes nothing. */
  public boolean isEmpty() {
    return equals(of(Limits.DEFAULT, Optional.empty()));
  }

  /**
   * The specification that comes of it.
   *
   * @throws InvalidRequestException when something is to go that is not there
   */
  public ContainerSpec applyTo(ContainerSpec spec) {
    ContainerSpecBuilder changed =
        new ContainerSpecBuilder(spec)
            .limits(spec.limits().with(limits))
            .env(environment(spec))
            .labels(labels(spec))
            .mounts(mounts(spec));
    policy.ifPresent(changed::restart);
    if (!care.equals(CareChange.NONE)) {
      changed.care(care.applyTo(spec.care().orElse(Care.NONE)));
    }
    if (!ports.isEmpty() || !portsRemoved.isEmpty()) {
      changed.networks(ports(spec));
    }
    return changed.build();
  }

  private List<String> environment(ContainerSpec spec) {
    List<String> all = new ArrayList<>(spec.env());
    for (String name : envRemoved) {
      remove(all, it -> it.startsWith(name + "="), "variable", name);
    }
    for (String each : env) {
      String name = each.substring(0, each.indexOf('=') + 1);
      all.removeIf(it -> it.startsWith(name));
      all.add(each);
    }
    return all;
  }

  private Map<String, String> labels(ContainerSpec spec) {
    Map<String, String> all = new LinkedHashMap<>(spec.labels());
    for (String key : labelsRemoved) {
      InvalidRequestException.unless(all.remove(key) != null, "it has no label '%s'", key);
    }
    all.putAll(labels);
    return all;
  }

  private List<MountRequest> mounts(ContainerSpec spec) {
    List<MountRequest> all = new ArrayList<>(spec.mounts());
    for (String target : mountsRemoved) {
      remove(all, it -> it.target().equals(target), "mount at", target);
    }
    for (MountRequest each : mounts) {
      all.removeIf(it -> it.target().equals(each.target()));
      all.add(each);
    }
    return all;
  }

  private NetworkRequest ports(ContainerSpec spec) {
    NetworkRequest asked =
        spec.networks()
            .filter(it -> !it.attachments().isEmpty())
            .filter(_ -> spec.network() instanceof NamespaceMode.Own)
            .orElseThrow(() ->
                new InvalidRequestException(
                    "it is in no network that could offer its ports; use 'kapsel network connect'"));
    List<Port> all =
        new ArrayList<>(portsRemoved.isEmpty() ? asked.ports() : Port.each(asked.ports()));
    for (Port gone : portsRemoved) {
      Predicate<Port> same =
          it -> it.containerPort() == gone.containerPort() && it.protocol().equals(gone.protocol());
      remove(all, same, "published port", gone.containerPort() + "/" + gone.protocol());
    }
    all.addAll(ports);
    return asked.publishing(all.stream().distinct().toList());
  }

  private static <T> void remove(List<T> all, Predicate<T> which, String kind, String name) {
    InvalidRequestException.unless(all.removeIf(which), "it has no %s '%s'", kind, name);
  }

  /** What of a running container can only change by a new start: nothing, or for people to read. */
  public static List<String> needStart(ContainerSpec before, ContainerSpec after) {
    List<String> parts = new ArrayList<>();
    if (!before.env().equals(after.env())) {
      parts.add("environment");
    }
    if (!MountChanges.of(before, after).areAtOnce(after)) {
      parts.add("mounts");
    }
    if (lifts(before.limits(), after.limits())) {
      parts.add("limits");
    }
    return parts;
  }

  /** Whether a limit goes, which the kernel would keep. */
  private static boolean lifts(Limits before, Limits after) {
    try {
      return !before.with(after).equals(after);
    } catch (InvalidRequestException _) {
      return true; // what would stay does not go with what comes
    }
  }
}
