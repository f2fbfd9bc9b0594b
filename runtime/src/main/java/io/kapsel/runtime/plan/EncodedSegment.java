package io.kapsel.runtime.plan;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** A segment and the bytes that the launcher reads. */
public final class EncodedSegment {
  private final Segment segment;
  private final byte[] bytes;
  private final UnaryOperator<String> words;

  EncodedSegment(Segment segment, byte[] bytes, UnaryOperator<String> words) {
    this.segment = segment;
    this.bytes = bytes;
    this.words = words;
  }

  /** A segment as it was planned. */
  public static EncodedSegment of(Segment segment) {
    return new EncodedSegment(segment, segment.encode(), UnaryOperator.identity());
  }

  /** What it was made from. */
  public Segment segment() {
    return segment;
  }

  /** The bytes themselves, not a copy: nobody changes them. */
  public byte[] bytes() {
    return bytes;
  }

  /** A text of the segment, made true for the container that it is sent for. */
  public String told(String text) {
    return words.apply(text);
  }

  /** Whether the launcher would do the same for both. */
  public boolean sameAs(EncodedSegment other) {
    return Arrays.equals(bytes, other.bytes) && sameInputs(other.segment.inputs());
  }

  private boolean sameInputs(List<Input> others) {
    List<Input> inputs = segment.inputs();
    for (int i = 0; i < inputs.size() && inputs.size() == others.size(); i++) {
      if (!inputs.get(i).opensLike(others.get(i))) {
        return false;
      }
    }
    return inputs.size() == others.size();
  }
}
