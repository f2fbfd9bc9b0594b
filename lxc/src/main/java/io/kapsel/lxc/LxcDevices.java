package io.kapsel.lxc;

import io.kapsel.engine.spec.DeviceRuleRequest;
import io.kapsel.engine.spec.InvalidRequestException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.regex.Pattern;

/**
 * Which devices a configuration lets a container use. Those of version 1 and of version 2 are
 * obeyed alike, whichever the host has; most files say the same for both.
 */
final class LxcDevices {
  private static final Pattern KEY = Pattern.compile("lxc\\.cgroup2?\\.devices\\..*");

  /** What every container may use, and what it may make but not use. */
  private static final Pattern USUAL =
      Pattern.compile("[bc] \\*:\\* m|c (1:[35789]|5:[012]|136:\\*|10:200) [rwm]+");

  private static final Pattern EVERYTHING = Pattern.compile("a( \\*:\\* rwm)?");

  /**
   * That of FUSE, which LXC's common.conf allows to all, and which none has that is not given it.
   */
  private static final DeviceRuleRequest FUSE = DeviceRuleRequest.parse("c 10:229 rwm");

  private final LxcConfig config;

  LxcDevices(LxcConfig config) {
    this.config = config;
  }

  /** Whether nothing is said, so that what is given may be used. */
  boolean isOpen() {
    return said().isEmpty();
  }

  /**
   * What is more or less than what every container may use.
   *
   * @param given whether it is given any device
   */
  List<DeviceRuleRequest> rules(boolean given) {
    SequencedSet<DeviceRuleRequest> all = new LinkedHashSet<>();
    rules(said()).stream()
        .filter(rule -> given || !rule.equals(FUSE))
        .forEach(all::addLast); // of equal ones the last counts
    return List.copyOf(all);
  }

  private List<LxcConfig.Entry> said() {
    return config.below("lxc.cgroup").stream()
        .filter(each -> KEY.matcher(each.key()).matches() && !each.value().isEmpty())
        .toList();
  }

  /** In their order, of which the last that matches decides. */
  private static List<DeviceRuleRequest> rules(List<LxcConfig.Entry> said) {
    List<DeviceRuleRequest> all = new ArrayList<>();
    for (LxcConfig.Entry each : said) {
      String value = each.value().strip().replaceAll("\\s+", " ");
      boolean denies = each.key().endsWith(".deny");
      if (denies && EVERYTHING.matcher(value).matches()) {
        all.removeIf(rule -> !rule.denied());
      } else if (denies) {
        all.add(rule(each, value).deny());
      } else if (all.stream().anyMatch(DeviceRuleRequest::denied)
          || !USUAL.matcher(value).matches()) {
        all.add(rule(each, value));
      }
    }
    return all;
  }

  private static DeviceRuleRequest rule(LxcConfig.Entry entry, String value) {
    try {
      return DeviceRuleRequest.parse(EVERYTHING.matcher(value).matches() ? "a *:* rwm" : value);
    } catch (InvalidRequestException e) {
      throw entry.wrong("'" + entry.value() + "' is neither 'a' nor TYPE MAJOR:MINOR ACCESS");
    }
  }
}
