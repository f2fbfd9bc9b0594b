package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What may be reached outside of a network. What is denied is denied even where it is allowed, too.
 *
 * @param closed whether only what is allowed is reached
 */
public record EgressPolicy(boolean closed, List<Target> allowed, List<Target> denied) {
  /** Nothing is forbidden. */
  public static final EgressPolicy NONE = new EgressPolicy(false, List.of(), List.of());

  private static final Pattern WORDS = Pattern.compile("(allow|deny)([= ](.*))?");
  private static final Pattern NAME =
      Pattern.compile(
          "(\\*\\.)?([a-z0-9_][a-z0-9_-]{0,62}\\.)*(?!-)[a-z0-9_-]{0,62}[a-z][a-z0-9_-]{0,62}");
  private static final int LONGEST_NAME = 253;
  private static final int MOST = 1000;

  /** Copies the lists. */
  public EgressPolicy {
    allowed = List.copyOf(allowed);
    denied = List.copyOf(denied);
    if (allowed.size() + denied.size() > MOST) {
      throw new IllegalArgumentException("more than " + MOST + " places in --egress");
    }
  }

  /**
   * A place outside: addresses, or a name.
   *
   * @param name in lower case; empty: it is told by addresses
   * @param below whether all names below that one are meant, and not the name itself
   * @param port 0: every port, and what has none
   */
  public record Target(Optional<Cidr> network, String name, boolean below, int port) {
    static Target parse(String text) {
      try {
        return read(text);
      } catch (IllegalArgumentException e) {
        throw invalid(text);
      }
    }

    private static Target read(String text) {
      if (text.startsWith("[")) {
        int end = text.indexOf(']');
        String rest = end < 0 ? "" : text.substring(end + 1);
        if (end < 0 || !(rest.isEmpty() || rest.startsWith(":"))) {
          throw invalid(text);
        }
        return at(Cidr.parse(text.substring(1, end)), rest.isEmpty() ? 0 : port(rest, text));
      }
      int colon = text.indexOf(':');
      if (colon != text.lastIndexOf(':')) {
        return at(Cidr.parse(text), 0);
      }
      int port = colon < 0 ? 0 : port(text.substring(colon), text);
      String place = colon < 0 ? text : text.substring(0, colon);
      return place.matches("[0-9./]+") ? at(Cidr.parse(place), port) : named(place, port, text);
    }

    private static Target at(Cidr network, int port) {
      return new Target(Optional.of(network.network()), "", false, port);
    }

    private static Target named(String place, int port, String text) {
      String name = place.toLowerCase(Locale.ROOT);
      if (name.length() > LONGEST_NAME || !NAME.matcher(name).matches()) {
        throw invalid(text);
      }
      boolean below = name.startsWith("*.");
      return new Target(Optional.empty(), below ? name.substring(2) : name, below, port);
    }

    private static int port(String text, String whole) {
      if (!text.matches(":\\d{1,5}") || Integer.parseInt(text.substring(1)) > 65535) {
        throw invalid(whole);
      }
      return Integer.parseInt(text.substring(1));
    }

    boolean means(String asked) {
      return network.isEmpty() && (below ? asked.endsWith("." + name) : asked.equals(name));
    }

    boolean covers(InetAddress address, int asked) {
      return network.filter(it -> it.contains(address)).isPresent() && (port == 0 || port == asked);
    }

    String shown() {
      return network.map(Cidr::toString).orElse((below ? "*." : "") + name)
          + (port > 0 ? ":" + port : "");
    }

    boolean isName() {
      return network.isEmpty();
    }
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException(
        "'"
            + text
            + "' in --egress is neither an address, a CIDR nor a name, with or without :PORT");
  }

  /** Reads {@code deny}, {@code allow}, {@code deny=LIST} and {@code allow=LIST}. */
  public static EgressPolicy parse(List<String> texts) {
    boolean closed = false;
    boolean open = false;
    List<Target> allowed = new ArrayList<>();
    List<Target> denied = new ArrayList<>();
    for (String text : texts) {
      var words = WORDS.matcher(text);
      if (!words.matches()) {
        throw new IllegalArgumentException(
            "'" + text + "' in --egress is not allow, deny, allow=LIST or deny=LIST");
      }
      boolean allows = words.group(1).equals("allow");
      String list = Optional.ofNullable(words.group(3)).orElse("").strip();
      List<Target> targets = allows ? allowed : denied;
      if (!list.isEmpty()) {
        List.of(list.split("[,\\s]+")).forEach(each -> targets.add(Target.parse(each)));
      } else if (words.group(2) != null) {
        throw new IllegalArgumentException("'" + text + "' in --egress has an empty list");
      }
      open |= allows && list.isEmpty();
      closed |= allows != list.isEmpty();
    }
    if (open && closed && allowed.isEmpty()) {
      throw new IllegalArgumentException("--egress is both allow and deny");
    }
    return new EgressPolicy(closed && !open, allowed, denied);
  }

  /** Whether anything is forbidden. */
  public boolean restricts() {
    return closed || !denied.isEmpty();
  }

  /** Whether somebody who obeys it may ask others for a name. */
  boolean permits(String name) {
    boolean refused = denied.stream().anyMatch(each -> each.port() == 0 && each.means(name));
    return !refused && (!closed || allowed.stream().anyMatch(each -> each.means(name)));
  }

  /** Whether addresses are let through by the names that they were found by. */
  boolean allowsNames() {
    return allowed.stream().anyMatch(Target::isName);
  }

  /** The ports at which what that name means is reached; 0: all of them. */
  List<Integer> portsOf(String name) {
    return allowed.stream().filter(each -> each.means(name)).map(Target::port).distinct().toList();
  }

  /** Why an address is not reached; {@code found} by a name that is allowed, or not. */
  Optional<String> objection(InetAddress address, int port, boolean found) {
    for (Target each : denied) {
      if (each.covers(address, port)) {
        return Optional.of("denied by " + each.shown());
      }
    }
    if (!closed || found || allowed.stream().anyMatch(each -> each.covers(address, port))) {
      return Optional.empty();
    }
    return Optional.of(
        "nothing in it allows " + Cidr.text(address) + (port > 0 ? " port " + port : ""));
  }
}
