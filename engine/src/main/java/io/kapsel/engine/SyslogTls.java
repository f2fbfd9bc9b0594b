package io.kapsel.engine;

import io.kapsel.engine.log.Syslog;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.image.registry.Endpoint;
import io.kapsel.image.registry.Trust;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** Whom a syslog behind TLS has to be, as the options {@code syslog-tls-…} say. */
final class SyslogTls {
  private SyslogTls() {}

  /**
   * Nothing for one that speaks no TLS.
   *
   * @throws io.kapsel.image.ImageException when its certificates cannot be used
   */
  static Optional<SSLContext> of(LogRequest log) {
    Syslog.Address address = log.syslogAddress();
    if (!address.isTls()) {
      return Optional.empty();
    }
    Map<String, String> options = log.options();
    Optional<Path> certificate = path(options, "syslog-tls-cert");
    Optional<Path> key = path(options, "syslog-tls-key");
    return Optional.of(
        Trust.of(
            new Endpoint(
                URI.create("https://" + host(address.place()) + ":" + address.port()),
                false,
                verifies(log),
                path(options, "syslog-tls-ca-cert").stream().toList(),
                certificate.flatMap(it -> key.map(k -> new Endpoint.ClientKey(it, k))),
                Map.of(),
                false)));
  }

  private static String host(String place) {
    return place.contains(":") ? "[" + place + "]" : place;
  }

  /** As in Go, whatever stands there switches it off. */
  static boolean verifies(LogRequest log) {
    return log.options().getOrDefault("syslog-tls-skip-verify", "").isEmpty();
  }

  private static Optional<Path> path(Map<String, String> options, String key) {
    return Optional.ofNullable(options.get(key)).filter(it -> !it.isEmpty()).map(Path::of);
  }
}
