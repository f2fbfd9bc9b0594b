package io.kapsel.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The hops from one place to another, up to the one that lets nothing through. */
public final class Trace {
  private final List<Hop> hops = new ArrayList<>();
  private boolean stopped;

  Trace() {}

  /**
   * One step of the way.
   *
   * @param where such as a link or a chain of rules
   * @param says what happens there, and by which rule
   */
  public record Hop(String where, String says, boolean passes) {}

  /**
   * An end of the way.
   *
   * @param container its id; nothing: this host, or somebody else
   * @param pid of its first process, 0: it does not run
   * @param address of somebody else, or of this host; empty: this host, whatever address
   * @param name as the caller wrote it
   */
  public record End(Optional<String> container, int pid, String address, String name) {}

  /** Goes on, unless it ended before. */
  Trace pass(String where, String says) {
    return add(where, says, true);
  }

  /** Ends here. */
  Trace stop(String where, String says) {
    return add(where, says, false);
  }

  private Trace add(String where, String says, boolean passes) {
    if (!stopped) {
      hops.add(new Hop(where, says, passes));
      stopped = !passes;
    }
    return this;
  }

  boolean stopped() {
    return stopped;
  }

  /** All hops, in order. */
  public List<Hop> hops() {
    return List.copyOf(hops);
  }

  /** What decides, if the way does not lead to its end. */
  public Optional<Hop> obstacle() {
    return stopped ? Optional.of(hops.getLast()) : Optional.empty();
  }
}
