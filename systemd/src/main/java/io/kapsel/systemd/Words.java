package io.kapsel.systemd;

import io.kapsel.systemd.UnitProperty.Value;
import io.kapsel.systemd.bus.Pair;
import io.kapsel.systemd.bus.Property;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.freedesktop.dbus.types.UInt16;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/** Properties as the library of D-Bus wants them. */
final class Words {
  private static final BigInteger ALL = BigInteger.ONE.shiftLeft(Long.SIZE);

  private Words() {}

  static List<Property> of(List<UnitProperty> properties) {
    return properties.stream()
        .map(each -> new Property(each.name(), variant(each.value())))
        .toList();
  }

  private static Variant<?> variant(Value value) {
    return switch (value) {
      case Value.Flag(boolean set) -> new Variant<>(set, "b");
      case Value.Text(String text, char type) -> new Variant<>(text, String.valueOf(type));
      case Value.Whole(long bits, char type) ->
          new Variant<>(number(bits, type), String.valueOf(type));
      case Value.Real(double number) -> new Variant<>(number, "d");
      case Value.Pairs(List<List<String>> all) ->
          new Variant<>(
              all.stream().map(each -> new Pair(each.getFirst(), each.getLast())).toList(),
              "a(ss)");
      case Value.Array(List<Value> all, char element) -> array(all, element);
    };
  }

  private static Variant<?> array(List<Value> all, char element) {
    if (element == 'y') {
      byte[] bytes = new byte[all.size()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = all.get(i) instanceof Value.Whole(long bits, _) ? (byte) bits : 0;
      }
      return new Variant<>(bytes, "ay");
    }
    List<Object> objects = new ArrayList<>();
    all.forEach(each -> objects.add(plain(each)));
    return new Variant<>(objects, "a" + element);
  }

  private static Object plain(Value value) {
    return switch (value) {
      case Value.Flag(boolean set) -> set;
      case Value.Text(String text, _) -> text;
      case Value.Whole(long bits, char type) -> number(bits, type);
      case Value.Real(double number) -> number;
      case Value.Pairs _, Value.Array _ ->
          throw new IllegalArgumentException("an array of arrays cannot be set");
    };
  }

  private static Object number(long bits, char type) {
    return switch (type) {
      case 'y' -> (byte) bits;
      case 'n' -> (short) bits;
      case 'q' -> new UInt16((int) bits);
      case 'u' -> new UInt32(bits);
      case 'x' -> bits;
      case 't' ->
          new UInt64(bits >= 0 ? BigInteger.valueOf(bits) : BigInteger.valueOf(bits).add(ALL));
      default -> (int) bits;
    };
  }
}
