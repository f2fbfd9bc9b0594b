package io.kapsel.engine.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is mounted otherwise than before.
 *
 * @param removed those that go, the last one first
 * @param added those that come, in order
 */
public record MountChanges(List<MountRequest> removed, List<MountRequest> added) {
  /** Places at which a container has something of its own. */
  private static final Set<String> OWN =
      Set.of("/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/dev", "/proc", "/sys", "/run");

  /** Copies the lists. */
  public MountChanges {
    removed = List.copyOf(removed);
    added = List.copyOf(added);
  }

  /** Between two specifications. */
  public static MountChanges of(ContainerSpec before, ContainerSpec after) {
    List<MountRequest> removed =
        new ArrayList<>(
            before.mounts().stream().filter(it -> !after.mounts().contains(it)).toList());
    return new MountChanges(
        removed.reversed(),
        after.mounts().stream().filter(it -> !before.mounts().contains(it)).toList());
  }

  /** Whether nothing is another. */
  public boolean isEmpty() {
    return removed.isEmpty() && added.isEmpty();
  }

  /**
   * Whether a container that runs can be changed like that: what is mounted inside by its own init,
   * what it has of its own or writes to a layer, what propagates, and what would cover or uncover
   * other mounts needs a new start.
   *
   * @param after all that there is to be then
   */
  public boolean areAtOnce(ContainerSpec after) {
    return Stream.concat(removed.stream(), added.stream())
        .allMatch(each ->
            !(each instanceof MountRequest.Tmpfs)
                && !(each instanceof MountRequest.Bind bind && isMadeAtStart(bind))
                && OWN.stream().noneMatch(own -> meets(own, each.target()))
                && after.mounts().stream()
                    .filter(other -> !other.target().equals(each.target()))
                    .noneMatch(other -> meets(other.target(), each.target())));
  }

  private static boolean isMadeAtStart(MountRequest.Bind bind) {
    return bind.layered() || !bind.propagation().endsWith("private");
  }

  /** Whether one is the other, or lies in it. */
  private static boolean meets(String one, String other) {
    return (one + "/").startsWith(other + "/") || (other + "/").startsWith(one + "/");
  }
}
