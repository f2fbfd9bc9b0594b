package io.kapsel.runtime.criu;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A message of CRIU's protocol that was received: the last value of each field. */
final class CriuFields {
  private static final int TYPE = 7;
  private static final int TYPE_BITS = 3;
  private static final int LONGEST = 10;

  private final Map<Integer, Long> numbers = new HashMap<>();
  private final Map<Integer, byte[]> bytes = new HashMap<>();

  /**
   * Takes a message apart.
   *
   * @throws CriuException when it is none
   */
  static CriuFields parse(byte[] message) {
    CriuFields fields = new CriuFields();
    ByteBuffer in = ByteBuffer.wrap(message);
    try {
      while (in.hasRemaining()) {
        fields.readField(in);
      }
    } catch (java.nio.BufferUnderflowException e) {
      throw unknown();
    }
    return fields;
  }

  private void readField(ByteBuffer in) {
    long key = varint(in);
    int field = (int) (key >>> TYPE_BITS);
    switch ((int) key & TYPE) {
      case 0 -> numbers.put(field, varint(in));
      case 1 -> in.getLong();
      case 2 -> {
        long length = varint(in);
        if (length < 0 || length > in.remaining()) {
          throw unknown();
        }
        byte[] value = new byte[(int) length];
        in.get(value);
        bytes.put(field, value);
      }
      case 5 -> in.getInt();
      default -> throw unknown();
    }
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int i = 0; i < LONGEST; i++) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << (7 * i);
      if (next >= 0) {
        return value;
      }
    }
    throw unknown();
  }

  private static CriuException unknown() {
    return new CriuException("criu failed: it sent what is no message");
  }

  long number(int field) {
    return numbers.getOrDefault(field, 0L);
  }

  Optional<String> text(int field) {
    return Optional.ofNullable(bytes.get(field))
        .map(value -> new String(value, StandardCharsets.UTF_8));
  }

  Optional<CriuFields> message(int field) {
    return Optional.ofNullable(bytes.get(field)).map(CriuFields::parse);
  }
}
