package io.kapsel.base;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigInteger;

/**
 * Numbers and truth values; an absent one is zero or false, as in Go, where the formats come from.
 */
enum JsonScalar implements JsonShape {
  BOOLEAN {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      return switch (parser.currentToken()) {
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        default -> throw Json.expected("true or false", path, parser.currentToken());
      };
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeBoolean((Boolean) value);
    }

    @Override
    public Object absent() {
      return false;
    }
  },
  INT {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      long value = (Long) LONG.read(parser, path);
      if (value != (int) value) {
        throw Json.expected("a number of 32 bits", path, parser.currentToken());
      }
      return (int) value;
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeNumber((Integer) value);
    }

    @Override
    public Object absent() {
      return 0;
    }
  },
  LONG {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw Json.expected("a whole number", path, parser.currentToken());
      }
      if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        return unsigned(parser, path);
      }
      return parser.getLongValue();
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeNumber((Long) value);
    }

    @Override
    public Object absent() {
      return 0L;
    }
  },
  DOUBLE {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      if (!parser.currentToken().isNumeric()) {
        throw Json.expected("a number", path, parser.currentToken());
      }
      return parser.getDoubleValue();
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeNumber((Double) value);
    }

    @Override
    public Object absent() {
      return 0.0;
    }
  },
  BIG {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw Json.expected("a whole number", path, parser.currentToken());
      }
      return parser.getBigIntegerValue();
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeNumber((BigInteger) value);
    }

    @Override
    public Object absent() {
      return BigInteger.ZERO;
    }
  };

  /** The formats have unsigned 64-bit numbers; above 2^63-1 all of them mean "without a limit". */
  private static Object unsigned(JsonParser parser, String path) throws IOException {
    if (parser.getBigIntegerValue().signum() < 0 || parser.getBigIntegerValue().bitLength() > 64) {
      throw Json.expected("a number of 64 bits", path, parser.currentToken());
    }
    return parser.getBigIntegerValue().longValue();
  }

  static JsonShape of(Class<?> type) {
    JsonShape text = JsonShape.Text.of(type);
    if (text != null) {
      return text;
    }
    if (type == boolean.class || type == Boolean.class) {
      return BOOLEAN;
    }
    if (type == int.class || type == Integer.class) {
      return INT;
    }
    if (type == long.class || type == Long.class) {
      return LONG;
    }
    if (type == double.class || type == Double.class) {
      return DOUBLE;
    }
    if (type == BigInteger.class) {
      return BIG;
    }
    throw new AssertionError("no JSON shape for " + type);
  }
}
