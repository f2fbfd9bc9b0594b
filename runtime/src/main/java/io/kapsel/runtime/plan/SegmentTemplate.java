package io.kapsel.runtime.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An encoded segment, and where in it stands what depends on the container. */
final class SegmentTemplate {
  private enum Kind {
    WHOLE,
    BEGINNING,
    DECIMAL,
    NUMBER
  }

  private record Place(Kind kind, int at) {}

  private final Stencil from;
  private final Segment segment;
  private final byte[] bytes;
  private final List<Place> places = new ArrayList<>();

  SegmentTemplate(Stencil from, Segment segment) {
    this.from = from;
    this.segment = segment;
    this.bytes = segment.encode();
    findTexts();
    findNumbers();
  }

  private void findTexts() {
    int at = SegmentEncoder.HEADER;
    while (at < bytes.length) {
      if (stands(from.whole(), at)) {
        at = place(Kind.WHOLE, at, from.whole().length);
      } else if (stands(from.beginning(), at)) {
        at = place(Kind.BEGINNING, at, Stencil.SHORT);
      } else if (from.digits() > 0 && stands(from.decimal(), at)) {
        at = place(Kind.DECIMAL, at, from.digits());
      } else {
        at++;
      }
    }
  }

  private int place(Kind kind, int at, int length) {
    places.add(new Place(kind, at));
    return at + length;
  }

  private boolean stands(byte[] text, int at) {
    return bytes[at] == text[0]
        && at + text.length <= bytes.length
        && Arrays.equals(bytes, at, at + text.length, text, 0, text.length);
  }

  private void findNumbers() {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int steps = segment.monitor().size() + segment.init().size();
    for (int step = 0; step < steps; step++) {
      int start = SegmentEncoder.HEADER + step * SegmentEncoder.STEP;
      for (int i = 0; i < SegmentEncoder.MAX_ARGUMENTS; i++) {
        int at = start + SegmentEncoder.ARGUMENTS + i * Long.BYTES;
        boolean immediate = bytes[start + SegmentEncoder.KINDS + i] == 0;
        if (immediate && from.covers(in.getLong(at))) {
          places.add(new Place(Kind.NUMBER, at));
        }
      }
    }
  }

  EncodedSegment fill(Stencil to) {
    byte[] filled = bytes.clone();
    ByteBuffer out = ByteBuffer.wrap(filled).order(ByteOrder.LITTLE_ENDIAN);
    for (Place place : places) {
      switch (place.kind()) {
        case WHOLE -> out.put(place.at(), to.whole());
        case BEGINNING -> out.put(place.at(), to.beginning());
        case DECIMAL -> out.put(place.at(), to.decimal());
        case NUMBER ->
            out.putLong(
                place.at(),
                out.getLong(place.at())
                    - from.firstId().orElseThrow()
                    + to.firstId().orElseThrow());
      }
    }
    return new EncodedSegment(segmentFor(to), filled, text -> from.carry(text, to));
  }

  private Segment segmentFor(Stencil to) {
    List<Input> inputs =
        segment.inputs().stream()
            .map(each ->
                each.kind() == Input.Kind.DEVICE_PROGRAM
                    ? each
                    : new Input(
                        each.slot(), each.kind(), from.carry(each.path(), to), each.reason()))
            .toList();
    return new Segment(segment.name(), inputs, segment.monitor(), segment.init(), segment.last());
  }
}
