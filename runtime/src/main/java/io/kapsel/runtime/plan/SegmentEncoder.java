package io.kapsel.runtime.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Lowers a segment to bytes; docs/guide/wire.md, section 1. */
final class SegmentEncoder {
  private static final int MAGIC = 0x4e4c504b;
  static final int HEADER = 40;
  static final int STEP = 80;
  private static final int RELOCATION = 8;
  private static final int NO_SLOT = 0xffff;
  static final int MAX_ARGUMENTS = 6;
  private static final int RULE = 2;
  private static final int RESULT = 4;
  private static final int SKIPS = 6;
  private static final int ERRNOS = 10;
  static final int KINDS = 18;
  private static final int NUMBER = 24;
  static final int ARGUMENTS = 32;
  private static final int ALIGNMENT = 8;

  private final Segment segment;
  private final IdentityHashMap<Blob, Integer> offsets = new IdentityHashMap<>();
  private final Map<String, Integer> texts = new HashMap<>();
  private byte[] data = new byte[16 * 1024];
  private int used;
  private int[] relocations = new int[256];
  private int relocated;

  SegmentEncoder(Segment segment) {
    this.segment = segment;
  }

  byte[] encode() {
    int steps = segment.monitor().size() + segment.init().size();
    ByteBuffer body = ByteBuffer.allocate(steps * STEP).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    for (List<Step> list : List.of(segment.monitor(), segment.init())) {
      for (Step step : list) {
        put(body, at, step);
        at += STEP;
      }
    }
    place(new byte[ALIGNMENT]); // the data ends in NUL, so that every text does
    int size = HEADER + body.capacity() + relocated / 2 * RELOCATION + used;
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putShort((short) 1).putShort((short) (segment.last() ? 1 : 0)).putInt(size);
    out.putInt(segment.monitor().size()).putInt(segment.init().size());
    out.putInt(relocated / 2).putInt(used);
    out.putInt(inputBase()).putInt(segment.inputs().size()).putInt(0);
    out.put(body.array());
    for (int i = 0; i < relocated; i++) {
      out.putInt(relocations[i]);
    }
    out.put(data, 0, used);
    return out.array();
  }

  private int inputBase() {
    List<Input> inputs = segment.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).slot().number() != inputs.getFirst().slot().number() + i) {
        throw new IllegalStateException("the slots of the inputs are not one after the other");
      }
    }
    return inputs.isEmpty() ? 0 : inputs.getFirst().slot().number();
  }

  /** Only what is not zero is written: the buffer is new. */
  private void put(ByteBuffer out, int at, Step step) {
    int rule =
        (step.tolerated.isEmpty() ? 0 : 1) | (step.noticed ? 0x40 : 0) | (step.guarded ? 0x80 : 0);
    out.putShort(at, (short) step.op.ordinal());
    out.put(at + RULE, (byte) rule);
    out.putShort(at + RESULT, (short) (step.result.isPresent() ? number(step) : NO_SLOT));
    out.putShort(at + SKIPS, (short) step.skipAfterSuccess);
    out.putShort(at + SKIPS + 2, (short) step.skipAfterError);
    for (int i = 0; i < step.tolerated.size(); i++) {
      out.putShort(at + ERRNOS + 2 * i, (short) (int) step.tolerated.get(i));
    }
    if (step.call.isPresent()) {
      out.putInt(at + NUMBER, step.call.get().number());
    }
    List<Value> arguments = step.arguments;
    for (int i = 0; i < arguments.size(); i++) {
      out.put(at + KINDS + i, (byte) kind(arguments.get(i)));
      out.putLong(at + ARGUMENTS + Long.BYTES * i, argument(arguments.get(i)));
    }
    if (step.op == Step.Op.SEND) { // whose list ends by -1
      for (int i = arguments.size(); i < MAX_ARGUMENTS; i++) {
        out.putLong(at + ARGUMENTS + Long.BYTES * i, -1);
      }
    }
  }

  private static int number(Step step) {
    return step.result.get().number();
  }

  private static int kind(Value value) {
    return switch (value) {
      case Value.Constant _ -> 0;
      case Value.Address _ -> 1;
      case Value.Result _ -> 2;
      case Value.Loaded(_, int width) -> width == 1 ? 3 : width == 4 ? 4 : 5;
    };
  }

  private long argument(Value value) {
    return switch (value) {
      case Value.Constant(long number, _) -> number;
      case Value.Address(Blob blob) -> place(blob);
      case Value.Result(Slot slot) -> slot.number();
      case Value.Loaded(Blob blob, _) -> place(blob);
    };
  }

  private int place(Blob part) {
    return placeWhole(part.whole()) + part.start();
  }

  private int placeWhole(Blob blob) {
    if (blob.shared()) {
      return placeShared(blob);
    }
    Integer known = offsets.get(blob);
    if (known != null) {
      return known;
    }
    int at = place(blob.bytes());
    offsets.put(blob, at);
    for (Blob.Pointer pointer : blob.pointers()) {
      int to = place(pointer.target());
      if (relocated + 2 > relocations.length) {
        relocations = Arrays.copyOf(relocations, relocations.length * 2);
      }
      relocations[relocated++] = at + pointer.at();
      relocations[relocated++] = to;
    }
    return at;
  }

  private int placeShared(Blob text) {
    Integer known = texts.get(text.text());
    if (known != null) {
      return known;
    }
    int at = place(text.bytes());
    texts.put(text.text(), at);
    return at;
  }

  private int place(byte[] bytes) {
    int at = used;
    int room = (bytes.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (used + room > data.length) {
      data = Arrays.copyOf(data, Math.max(data.length * 2, used + room));
    }
    System.arraycopy(bytes, 0, data, at, bytes.length);
    used += room;
    return at;
  }
}
