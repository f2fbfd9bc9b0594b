package io.kapsel.runtime.plan;

import java.util.List;

/**
 * A part of a plan that is sent and run as one.
 *
 * @param last whether the program is executed at its end
 */
public record Segment(
    String name, List<Input> inputs, List<Step> monitor, List<Step> init, boolean last) {
  /** Copies the lists. */
  public Segment {
    inputs = List.copyOf(inputs);
    monitor = List.copyOf(monitor);
    init = List.copyOf(init);
  }

  /** The bytes that the launcher reads. */
  public byte[] encode() {
    return new SegmentEncoder(this).encode();
  }
}
