package io.kapsel.image.registry;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.ImageException;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where registries are. A directory such as {@code /etc/docker/certs.d} has one directory for each
 * registry, with {@code hosts.toml} (mirrors, authorities, keys) as containerd reads it, or only
 * {@code *.crt}, {@code *.cert} and {@code *.key} files as Docker does.
 *
 * <p>What is not on this machine is spoken to by TLS unless a {@code hosts.toml} names it with
 * {@code http://}, or {@code skip_verify}: that is the list of insecure registries.
 */
public final class Registries {
  /** Where an engine looks, in this order; the first directory that knows a registry wins. */
  public static final List<Path> DIRECTORIES =
      List.of(
          Path.of("/etc/kapsel/certs.d"),
          Path.of("/etc/docker/certs.d"),
          Path.of("/etc/containerd/certs.d"));

  private static final String HUB_HOST = "registry-1.docker.io";

  private final List<Path> directories;

  /** Configured by these directories. */
  public Registries(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  /** The servers to ask for images of {@code domain}, mirrors first, itself last. */
  public List<Endpoint> endpoints(String domain) {
    for (Path directory : directories) {
      for (String name : List.of(domain, domain.replace(':', '_'), "_default")) {
        Path own = directory.resolve(name);
        if (Files.isDirectory(own)) {
          return configured(domain, own);
        }
      }
    }
    return List.of(itself(domain, List.of(), Optional.empty()));
  }

  private static Endpoint itself(
      String domain, List<Path> authorities, Optional<Endpoint.ClientKey> client) {
    String host = domain.equals(Reference.HUB) ? HUB_HOST : domain;
    return new Endpoint(
        URI.create("https://" + host), true, true, authorities, client, Map.of(), isLocal(domain));
  }

  /** Whether it is this machine, where nobody listens on the way. */
  static boolean isLocal(String domain) {
    String host = domain.replaceFirst(":\\d+$", "");
    return host.equals("localhost") || host.matches("127(\\.\\d{1,3}){3}") || host.equals("[::1]");
  }

  private static List<Endpoint> configured(String domain, Path own) {
    Path file = own.resolve("hosts.toml");
    try {
      if (!Files.exists(file)) {
        return List.of(itself(domain, files(own, ".crt"), clientKey(own)));
      }
      HostsFile hosts = HostsFile.parse(Files.readString(file), file.toString());
      List<Endpoint> all = new ArrayList<>();
      hosts.hosts().forEach((base, settings) -> all.add(endpoint(base, settings, own)));
      Object server = hosts.server().get("server");
      all.add(
          server == null
              ? itself(domain, files(own, ".crt"), clientKey(own))
              : endpoint(server.toString(), hosts.server(), own));
      return all;
    } catch (IOException e) {
      throw new ImageException.Failed("cannot read '" + file + "': " + AtomicFile.reason(e), e);
    }
  }

  private static Endpoint endpoint(String base, Map<String, Object> settings, Path own) {
    URI uri;
    try {
      uri = URI.create(base.contains("://") ? base : "https://" + base);
    } catch (IllegalArgumentException _) {
      throw new ImageException.Invalid("cannot use the mirror '" + base + "': it is no address");
    }
    if (!List.of("http", "https").contains(String.valueOf(uri.getScheme()))
        || uri.getHost() == null
        || uri.getUserInfo() != null) {
      throw new ImageException.Invalid(
          "cannot use the mirror '" + uri.getHost() + "': it is no plain http or https address");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    if (settings.get("header") instanceof Map<?, ?> given) {
      given.forEach((key, value) -> headers.put(key.toString(), text(value)));
    }
    List<String> capabilities = texts(settings.get("capabilities"));
    List<String> key = texts(settings.get("client"));
    return new Endpoint(
        URI.create(uri.toString().replaceFirst("/+$", "")),
        capabilities.isEmpty() || capabilities.contains("push"),
        !Boolean.TRUE.equals(settings.get("skip_verify")),
        texts(settings.get("ca")).stream().map(own::resolve).toList(),
        key.size() < 2
            ? Optional.empty()
            : Optional.of(new Endpoint.ClientKey(own.resolve(key.get(0)), own.resolve(key.get(1)))),
        headers,
        false);
  }

  private static String text(Object value) {
    List<String> all = texts(value);
    return all.isEmpty() ? "" : all.getFirst();
  }

  private static List<String> texts(@org.jspecify.annotations.Nullable Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(Object::toString).toList();
    }
    return value == null ? List.of() : List.of(value.toString());
  }

  private static List<Path> files(Path directory, String suffix) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.filter(each -> each.toString().endsWith(suffix)).sorted().toList();
    }
  }

  private static Optional<Endpoint.ClientKey> clientKey(Path directory) throws IOException {
    for (Path certificate : files(directory, ".cert")) {
      String name = certificate.toString();
      Path key = Path.of(name.substring(0, name.length() - 5) + ".key");
      if (Files.exists(key)) {
        return Optional.of(new Endpoint.ClientKey(certificate, key));
      }
    }
    return Optional.empty();
  }
}
