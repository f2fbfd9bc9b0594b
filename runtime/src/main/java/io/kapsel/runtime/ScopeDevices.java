package io.kapsel.runtime;

import io.kapsel.linux.device.DeviceRule;
import io.kapsel.systemd.UnitProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Device rules as properties of a unit. systemd can only list what is allowed; its filter and ours
 * are both asked, so that what it cannot express is still refused.
 */
final class ScopeDevices {
  private final Map<String, String> drivers;

  /** {@code drivers}: the names in /proc/devices, by {@code c MAJOR} and {@code b MAJOR}. */
  ScopeDevices(Map<String, String> drivers) {
    this.drivers = drivers;
  }

  List<UnitProperty> of(List<DeviceRule> rules) {
    List<DeviceRule> allowed = new ArrayList<>();
    boolean everything = false;
    for (DeviceRule rule : rules) {
      boolean all = rule.type() == 'a' && rule.major() == DeviceRule.ANY;
      if (all && rule.read() && rule.write()) {
        allowed.clear();
        everything = rule.allow();
      } else if (rule.allow()) {
        allowed.add(rule);
      } else {
        allowed.removeIf(each -> covers(rule, each));
      }
    }
    if (everything) {
      return List.of(
          UnitProperty.of("DevicePolicy", "auto"), UnitProperty.pairs("DeviceAllow", List.of()));
    }
    List<List<String>> entries = new ArrayList<>();
    for (DeviceRule rule : allowed) {
      path(rule)
          .map(path -> List.of(path, access(rule)))
          .filter(entry -> !entries.contains(entry))
          .ifPresent(entries::add);
    }
    return List.of(
        UnitProperty.of("DevicePolicy", "strict"), UnitProperty.pairs("DeviceAllow", entries));
  }

  private static boolean covers(DeviceRule deny, DeviceRule allow) {
    return (deny.type() == 'a' || deny.type() == allow.type())
        && (deny.major() == DeviceRule.ANY || deny.major() == allow.major())
        && (deny.minor() == DeviceRule.ANY || deny.minor() == allow.minor())
        && (deny.read() || !allow.read())
        && (deny.write() || !allow.write())
        && (deny.make() || !allow.make());
  }

  private static String access(DeviceRule rule) {
    return (rule.read() ? "r" : "") + (rule.write() ? "w" : "") + (rule.make() ? "m" : "");
  }

  /** A major number without a driver has no devices, and a minor number alone cannot be named. */
  private Optional<String> path(DeviceRule rule) {
    String kind = rule.type() == 'b' ? "block" : "char";
    if (rule.major() == DeviceRule.ANY) {
      return rule.minor() == DeviceRule.ANY ? Optional.of(kind + "-*") : Optional.empty();
    }
    if (rule.minor() == DeviceRule.ANY) {
      return Optional.ofNullable(drivers.get(rule.type() + " " + rule.major()))
          .map(name -> kind + "-" + name);
    }
    return Optional.of("/dev/" + kind + "/" + rule.major() + ":" + rule.minor());
  }

  /** What /proc/devices says; proc(5). */
  static Map<String, String> drivers(String text) {
    Map<String, String> drivers = new java.util.TreeMap<>();
    char kind = 'c';
    for (String line : text.lines().toList()) {
      String[] words = line.strip().split("\\s+", 2);
      if (line.startsWith("Block")) {
        kind = 'b';
      } else if (words.length == 2 && words[0].matches("[0-9]+")) {
        drivers.putIfAbsent(kind + " " + words[0], words[1]);
      }
    }
    return drivers;
  }
}
