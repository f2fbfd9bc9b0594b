package io.kapsel.runtime.plan;

import io.kapsel.linux.Syscall;
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
  private static final int HEADER = 40;
  private static final int STEP = 80;
  private static final int RELOCATION = 8;
  private static final int NO_SLOT = 0xffff;
  private static final int MAX_ARGUMENTS = 6;
  private static final int ALIGNMENT = 8;

  private final Segment segment;
  private final IdentityHashMap<Blob, Integer> offsets = new IdentityHashMap<>();
  private final Map<ByteBuffer, Integer> texts = new HashMap<>();
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
    segment.monitor().forEach(step -> put(body, step));
    segment.init().forEach(step -> put(body, step));
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

  private void put(ByteBuffer out, Step step) {
    int rule =
        (step.tolerated.isEmpty() ? 0 : 1) | (step.noticed ? 0x40 : 0) | (step.guarded ? 0x80 : 0);
    out.putShort((short) step.op.ordinal()).put((byte) rule).put((byte) 0);
    out.putShort((short) (int) step.result.map(Slot::number).orElse(NO_SLOT));
    out.putShort((short) step.skipAfterSuccess).putShort((short) step.skipAfterError);
    for (int i = 0; i < 4; i++) {
      out.putShort((short) (i < step.tolerated.size() ? (int) step.tolerated.get(i) : 0));
    }
    for (int i = 0; i < MAX_ARGUMENTS; i++) {
      out.put((byte) (i < step.arguments.size() ? kind(step.arguments.get(i)) : 0));
    }
    out.putInt(step.call.map(Syscall::number).orElse(0)).putInt(0);
    for (int i = 0; i < MAX_ARGUMENTS; i++) {
      out.putLong(i < step.arguments.size() ? argument(step.arguments.get(i)) : unused(step));
    }
  }

  /** A SEND ends its list by -1. */
  private static long unused(Step step) {
    return step.op == Step.Op.SEND ? -1 : 0;
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
    Integer known = offsets.get(blob);
    if (known != null) {
      return known;
    }
    int at = blob.shared() ? placeShared(blob.bytes()) : place(blob.bytes());
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

  private int placeShared(byte[] bytes) {
    ByteBuffer key = ByteBuffer.wrap(bytes);
    Integer known = texts.get(key);
    if (known != null) {
      return known;
    }
    int at = place(bytes);
    texts.put(key, at);
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
