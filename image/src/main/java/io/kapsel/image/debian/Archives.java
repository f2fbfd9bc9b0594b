package io.kapsel.image.debian;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Which suites of which archives a request means. */
final class Archives {
  private static final URI DEBIAN = URI.create("http://deb.debian.org/debian/");
  private static final URI SECURITY = URI.create("http://deb.debian.org/debian-security/");
  private static final URI SNAPSHOTS = URI.create("http://snapshot.debian.org/");
  private static final Path KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");
  private static final Set<String> ROLLING = Set.of("sid", "unstable", "experimental");
  private static final List<String> MAIN = List.of("main");

  private Archives() {}

  /** The sources of a request on a host with these ones. */
  static List<AptSource> of(DebianRequest request, List<AptSource> host) {
    List<AptSource> found =
        request.snapshot().isPresent()
            ? snapshot(request, request.snapshot().get())
            : request
                .mirror()
                .map(mirror -> List.of(new AptSource(mirror, request.suite(), MAIN, List.of())))
                .orElseGet(() -> ofHost(request.suite(), host));
    return found.stream().map(source -> trusting(source, request.keyring())).toList();
  }

  private static List<AptSource> snapshot(DebianRequest request, String moment) {
    URI base = slashed(request.mirror().orElse(SNAPSHOTS));
    return usual(
        request.suite(),
        base.resolve("archive/debian/" + moment + "/"),
        base.resolve("archive/debian-security/" + moment + "/"),
        List.of());
  }

  /** What the host has of the suite; else the suite in the archive that the host uses. */
  private static List<AptSource> ofHost(String suite, List<AptSource> host) {
    Set<String> family = Set.of(suite, suite + "-updates", suite + "-security");
    List<AptSource> same =
        host.stream()
            .filter(source -> family.contains(source.suite()))
            .filter(source -> source.components().contains("main"))
            .map(source -> new AptSource(source.uri(), source.suite(), MAIN, source.signedBy()))
            .distinct()
            .toList();
    if (same.stream().anyMatch(source -> source.suite().equals(suite))) {
      return same;
    }
    return usual(
        suite,
        like(host, "debian").map(AptSource::uri).orElse(DEBIAN),
        like(host, "debian-security").map(AptSource::uri).orElse(SECURITY),
        like(host, "debian").map(AptSource::signedBy).orElse(List.of()));
  }

  private static Optional<AptSource> like(List<AptSource> host, String directory) {
    return host.stream()
        .filter(source -> source.uri().getPath() != null)
        .filter(source -> source.uri().getPath().endsWith("/" + directory + "/"))
        .findFirst();
  }

  private static List<AptSource> usual(String suite, URI debian, URI security, List<Path> keys) {
    List<AptSource> all = new ArrayList<>();
    all.add(new AptSource(debian, suite, MAIN, keys));
    if (!ROLLING.contains(suite)) {
      all.add(new AptSource(debian, suite + "-updates", MAIN, keys));
      all.add(new AptSource(security, suite + "-security", MAIN, keys));
    }
    return all;
  }

  private static AptSource trusting(AptSource source, Optional<Path> keyring) {
    List<Path> keys =
        keyring
            .map(List::of)
            .orElseGet(() -> source.signedBy().isEmpty() ? usualKeys() : source.signedBy());
    return new AptSource(source.uri(), source.suite(), source.components(), keys);
  }

  /** The archive's own keys, or all that apt trusts where that file is not installed. */
  private static List<Path> usualKeys() {
    Path parts = Path.of("/etc/apt/trusted.gpg.d");
    if (!Files.exists(KEYRING) && Files.isDirectory(parts)) {
      try (Stream<Path> files = Files.list(parts)) {
        return files.filter(file -> file.toString().matches(".*\\.(gpg|asc)")).sorted().toList();
      } catch (java.io.IOException e) {
        return List.of(KEYRING); // whose absence is then told
      }
    }
    return List.of(KEYRING);
  }

  private static URI slashed(URI uri) {
    return uri.toString().endsWith("/") ? uri : URI.create(uri + "/");
  }
}
