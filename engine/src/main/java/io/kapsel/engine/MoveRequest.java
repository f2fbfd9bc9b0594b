package io.kapsel.engine;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How a container is to move to another engine.
 *
 * @param destination as the user called it
 * @param name there; absent: the same
 * @param copy whether the source stays, and the other one becomes another machine
 * @param dryRun whether only what is in the way is found out
 * @param volumes whether named volumes come along
 * @param binds whether it gets directories of that host in the places of those of this one
 * @param snapshots whether they come along
 * @param networks other networks there, by the names of those here
 * @param rounds how often at most what has changed is sent before the stop
 * @param patience how long it may take to stop; absent: as for any stop
 * @param ready how long a whole system may take to boot there
 */
public record MoveRequest(
    String destination,
    Optional<String> name,
    boolean copy,
    boolean dryRun,
    boolean volumes,
    boolean binds,
    boolean snapshots,
    Map<String, String> networks,
    int rounds,
    Optional<Duration> patience,
    Duration ready) {
  /** Copies the map. */
  public MoveRequest {
    networks = Map.copyOf(networks);
  }
}
