package io.kapsel.image.debian;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.ImageException;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the archives of a request have: indices whose signature and hashes were checked. */
final class Suites implements AutoCloseable {
  private static final int LARGEST_RELEASE = 16 << 20;
  private static final int BUFFER = 1 << 16;

  private final Transport transport;
  private final DownloadCache cache;
  private final Path work;
  private final boolean checkAge;
  private final String architecture;
  private final List<AptSource> sources;
  private final List<PackageIndex> indices = new ArrayList<>();
  private Instant date = Instant.EPOCH;

  private Suites(Places places, List<AptSource> sources, boolean checkAge, String architecture) {
    this.transport = places.transport();
    this.cache = places.cache();
    this.work = places.work();
    this.checkAge = checkAge;
    this.architecture = architecture;
    this.sources = sources;
  }

  /** Where things come from and go to. */
  record Places(Transport transport, DownloadCache cache, Path work) {}

  /**
   * Fetches the indices.
   *
   * @param checkAge whether an index that is older than it says that it may be is refused
   */
  static Suites open(Places places, List<AptSource> sources, boolean checkAge, String architecture)
      throws InterruptedException {
    Suites suites = new Suites(places, sources, checkAge, architecture);
    boolean whole = false;
    try {
      for (int i = 0; i < sources.size(); i++) {
        suites.add(i);
      }
      whole = true;
      return suites;
    } finally {
      if (!whole) {
        suites.close();
      }
    }
  }

  /** When the newest of the indices was made. */
  Instant date() {
    return date;
  }

  /** Every version of the packages with that name, or that provide it. */
  List<DebianPackage> find(String name) {
    return indices.stream().flatMap(index -> index.find(name).stream()).toList();
  }

  /** The names of the packages that every system has, the essential ones first. */
  Set<String> base() {
    Set<String> essential = new LinkedHashSet<>();
    Set<String> required = new LinkedHashSet<>();
    for (PackageIndex index : indices) {
      for (DebianPackage each : index.base()) {
        (each.essential() ? essential : required).add(each.name());
      }
    }
    essential.addAll(required);
    return essential;
  }

  /** The file of a package. */
  Path fetch(DebianPackage each) throws InterruptedException {
    URI uri = resolve(sources.get(each.source()).uri(), each.path());
    try {
      return cache.file(transport, uri, new Release.File(each.sha256(), each.size()));
    } catch (Transport.Missing e) {
      throw new ImageException.Failed(
          "cannot download '" + uri + "': " + e.getMessage() + "; the mirror is incomplete", e);
    }
  }

  private void add(int place) throws InterruptedException {
    AptSource source = sources.get(place);
    URI suite = source.uri().resolve("dists/" + source.suite() + "/");
    Release release = release(source, suite.resolve("InRelease"));
    date = release.date().isAfter(date) ? release.date() : date;
    for (String component : source.components()) {
      String plain = component + "/binary-" + architecture + "/Packages";
      String packed = packed(release, plain, source);
      indices.add(index(suite, release, packed, plain, place));
    }
  }

  private Release release(AptSource source, URI uri) throws InterruptedException {
    byte[] file;
    try {
      file = transport.read(uri, Suites::small);
    } catch (Transport.Missing e) {
      throw new ImageException.NotFound(
          "cannot find the suite '%s' at '%s': %s"
              .formatted(source.suite(), source.uri(), e.getMessage()));
    }
    String text = Keyring.read(source.signedBy()).verify(file, uri.toString());
    try {
      Release release = Release.parse(text);
      check(release, source, uri);
      return release;
    } catch (IllegalArgumentException e) {
      throw new ImageException.Invalid("cannot read '" + uri + "': " + e.getMessage());
    }
  }

  private static byte[] small(InputStream in) throws IOException {
    byte[] file = in.readNBytes(LARGEST_RELEASE);
    if (file.length == LARGEST_RELEASE) {
      throw new IOException("it is larger than 16 MiB");
    }
    return file;
  }

  /** A good signature of another suite, or of an old state, is no good signature. */
  private void check(Release release, AptSource source, URI uri) {
    Optional<String> name = Optional.of(source.suite());
    if (!release.suite().equals(name) && !release.codename().equals(name)) {
      throw new ImageException.Refused(
          "cannot trust '%s': it is of the suite '%s'"
              .formatted(uri, release.codename().or(release::suite).orElse("")));
    }
    release
        .validUntil()
        .filter(until -> checkAge && until.isBefore(Instant.now()))
        .ifPresent(until -> {
          throw new ImageException.Refused(
              "cannot trust '%s': it was valid until %s; for an old state use --snapshot"
                  .formatted(uri, until));
        });
  }

  /** gzip is decompressed in native code; xz is taken where it is far smaller. */
  private static String packed(Release release, String plain, AptSource source) {
    Optional<Release.File> gz = release.file(plain + ".gz");
    Optional<Release.File> xz = release.file(plain + ".xz");
    if (gz.isPresent() && xz.map(it -> gz.get().size() < 2 * it.size()).orElse(true)) {
      return plain + ".gz";
    }
    if (xz.isPresent()) {
      return plain + ".xz";
    }
    if (release.file(plain).isPresent()) {
      return plain;
    }
    throw new ImageException.NotFound(
        "cannot find '%s' in the suite '%s' at '%s'"
            .formatted(plain, source.suite(), source.uri()));
  }

  private PackageIndex index(URI suite, Release release, String packed, String plain, int place)
      throws InterruptedException {
    Release.File file = release.file(packed).orElseThrow();
    URI uri = resolve(suite, packed);
    if (release.byHash()) {
      String directory = packed.substring(0, packed.lastIndexOf('/') + 1);
      uri = resolve(suite, directory + "by-hash/SHA256/" + file.sha256());
    }
    try {
      Path kept = cache.file(transport, uri, file);
      return unpack(kept, packed, release.file(plain), uri, place);
    } catch (Transport.Missing e) {
      throw new ImageException.Failed("cannot download '" + uri + "': " + e.getMessage(), e);
    }
  }

  private PackageIndex unpack(
      Path kept, String packed, Optional<Release.File> expected, URI uri, int place) {
    Path plain = work.resolve("Packages." + indices.size());
    IndexScanner scanner = new IndexScanner();
    MessageDigest digest = DownloadCache.sha256();
    try {
      try (InputStream file = Files.newInputStream(kept);
          InputStream in = Packing.open(packed.substring(packed.lastIndexOf('/') + 1), file);
          OutputStream out = new BufferedOutputStream(Files.newOutputStream(plain), BUFFER)) {
        byte[] buffer = new byte[BUFFER];
        int count;
        while ((count = in.read(buffer)) > 0) {
          digest.update(buffer, 0, count);
          scanner.accept(buffer, count);
          out.write(buffer, 0, count);
        }
        scanner.finish();
      }
      String hash = DownloadCache.hex(digest);
      if (expected.isPresent() && !expected.get().sha256().equals(hash)) {
        throw new ImageException.Refused(
            "cannot trust '" + uri + "': its content has another hash");
      }
      return new PackageIndex(opened(plain), scanner, place);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot unpack '" + uri + "': " + AtomicFile.reason(e), e);
    } catch (IllegalArgumentException e) {
      throw new ImageException.Invalid("cannot read '" + uri + "': " + e.getMessage());
    }
  }

  /** The descriptor keeps the file; its name is not needed any more. */
  private static Fd opened(Path plain) throws IOException {
    Fd fd = Open.path(plain.toString(), OpenFlags.READ);
    Files.delete(plain);
    return fd;
  }

  /** A path may hold characters that mean something in an address, such as {@code ~}. */
  private static URI resolve(URI base, String path) {
    try {
      return base.resolve(new URI(null, null, path, null).getRawPath());
    } catch (java.net.URISyntaxException e) {
      throw new ImageException.Invalid("cannot download '" + path + "': it is not a path");
    }
  }

  @Override
  public void close() {
    indices.forEach(PackageIndex::close);
  }
}
