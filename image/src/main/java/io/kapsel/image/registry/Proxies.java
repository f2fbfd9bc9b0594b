package io.kapsel.image.registry;

import io.kapsel.image.ImageException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxies that {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code NO_PROXY} ask for, by the
 * rules that Go programs have: this machine is never reached through a proxy.
 */
public final class Proxies extends ProxySelector {
  private final Optional<Place> secure;
  private final Optional<Place> plain;
  private final List<String> direct = new ArrayList<>();

  /**
   * A proxy.
   *
   * @param authorization what proves to it who asks; never printed
   */
  private record Place(InetSocketAddress address, Optional<String> authorization) {}

  /** As an environment says; nothing there: no proxies. */
  public Proxies(Map<String, String> environment) {
    secure = proxy(environment, "HTTPS_PROXY");
    plain = proxy(environment, "HTTP_PROXY");
    for (String each : value(environment, "NO_PROXY").split("[,\\s]+")) {
      if (!each.isEmpty()) {
        direct.add(each.toLowerCase(Locale.ROOT));
      }
    }
  }

  private static String value(Map<String, String> environment, String name) {
    String upper = environment.getOrDefault(name, "");
    return upper.isEmpty() ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "") : upper;
  }

  private static Optional<Place> proxy(Map<String, String> environment, String name) {
    String text = value(environment, name);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      URI uri = URI.create(text.contains("://") ? text : "http://" + text);
      if ("http".equals(uri.getScheme()) && uri.getHost() != null && !uri.getHost().contains("%")) {
        int port = uri.getPort() < 0 ? 80 : uri.getPort();
        return Optional.of(
            new Place(
                InetSocketAddress.createUnresolved(uri.getHost(), port),
                Optional.ofNullable(uri.getUserInfo()).map(Proxies::authorization)));
      }
    } catch (IllegalArgumentException _) {
      // said below, without the text, which may hold a password
    }
    throw new ImageException.Invalid(
        "cannot use the proxy in " + name + ": it is not http://[USER:PASSWORD@]HOST:PORT");
  }

  private static String authorization(String userInfo) {
    int colon = userInfo.indexOf(':');
    String user = colon < 0 ? userInfo : userInfo.substring(0, colon);
    return Credential.of(user, colon < 0 ? "" : userInfo.substring(colon + 1)).basic();
  }

  private Optional<Place> place(URI uri) {
    Optional<Place> proxy = "http".equals(uri.getScheme()) ? plain : secure;
    return proxy.filter(_ -> !isDirect(uri));
  }

  /** What a request for that address has to show to the proxy on its way. */
  Optional<String> authorization(URI uri) {
    return place(uri).flatMap(Place::authorization);
  }

  @Override
  public List<Proxy> select(URI uri) {
    Optional<Place> proxy = place(uri);
    if (proxy.isEmpty()) {
      return List.of(Proxy.NO_PROXY);
    }
    InetSocketAddress address = proxy.get().address();
    return List.of(
        new Proxy(
            Proxy.Type.HTTP, new InetSocketAddress(address.getHostString(), address.getPort())));
  }

  private boolean isDirect(URI uri) {
    String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
    if (Registries.isLocal(host)) {
      return true;
    }
    int port = uri.getPort() >= 0 ? uri.getPort() : "http".equals(uri.getScheme()) ? 80 : 443;
    return direct.stream().anyMatch(rule -> matches(rule, host, port));
  }

  private static boolean matches(String rule, String host, int port) {
    if (rule.equals("*")) {
      return true;
    }
    if (rule.indexOf('/') > 0) {
      return inNetwork(rule, host);
    }
    String name = rule;
    int colon = rule.lastIndexOf(':');
    if (colon > 0 && rule.indexOf(':') == colon && rule.substring(colon + 1).matches("\\d{1,5}")) {
      if (Integer.parseInt(rule.substring(colon + 1)) != port) {
        return false;
      }
      name = rule.substring(0, colon);
    }
    String domain = name.startsWith("*.") ? name.substring(1) : name;
    return domain.startsWith(".")
        ? host.endsWith(domain)
        : host.equals(domain) || (!isAddress(host) && host.endsWith("." + domain));
  }

  private static boolean isAddress(String host) {
    return host.matches("[0-9.]+") || host.startsWith("[");
  }

  private static boolean inNetwork(String rule, String host) {
    String[] parts = rule.split("/", 2);
    if (!parts[1].matches("\\d{1,2}")) {
      return false;
    }
    Optional<Integer> network = number(parts[0]);
    Optional<Integer> address = number(host);
    int bits = Integer.parseInt(parts[1]);
    if (network.isEmpty() || address.isEmpty() || bits > 32) {
      return false;
    }
    int mask = bits == 0 ? 0 : -1 << (32 - bits);
    return (network.get() & mask) == (address.get() & mask);
  }

  private static Optional<Integer> number(String text) {
    if (!text.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
      return Optional.empty();
    }
    int value = 0;
    for (String part : text.split("\\.")) {
      value = value << 8 | (Integer.parseInt(part) & 0xff);
    }
    return Optional.of(value);
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
}
