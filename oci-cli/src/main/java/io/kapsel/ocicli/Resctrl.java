package io.kapsel.ocicli;

import io.kapsel.oci.Linux;
import io.kapsel.oci.Spec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The class of service of a container, its shares of cache and memory bandwidth; Linux,
 * Documentation/filesystems/resctrl.rst.
 *
 * @param point where resctrl is mounted
 */
record Resctrl(Path point) {
  static final String CACHE = "l3-cache-schema";
  static final String BANDWIDTH = "mem-bw-schema";

  /** Where it is on every host that has it. */
  static Resctrl usual() {
    return new Resctrl(Path.of("/sys/fs/resctrl"));
  }

  /** The directory of a container's class, whose name may be that of the root. */
  Path group(Linux.IntelRdt rdt, String id) {
    String name = rdt.closId().filter(text -> !text.isEmpty()).orElse(id);
    return name.equals("/") ? point : point.resolve(name);
  }

  /** What the configuration becomes with the schemata of a call; nothing when it names none. */
  Optional<Linux.IntelRdt> wanted(Words words, Spec spec) {
    Optional<String> cache = words.text(CACHE).filter(text -> !text.isEmpty());
    Optional<String> bandwidth = words.text(BANDWIDTH).filter(text -> !text.isEmpty());
    if (cache.isPresent() && !offers("L3")) {
      throw new OciException("Intel RDT/CAT: l3 cache schema is not enabled");
    }
    if (bandwidth.isPresent() && !offers("MB")) {
      throw new OciException("Intel RDT/MBA: memory bandwidth schema is not enabled");
    }
    if (cache.isEmpty() && bandwidth.isEmpty()) {
      return Optional.empty();
    }
    Linux.IntelRdt now =
        spec.linux()
            .flatMap(Linux::intelRdt)
            .orElseThrow(() ->
                new OciException(
                    "updating a non-existent Intel RDT configuration is not supported"));
    return Optional.of(
        new Linux.IntelRdt(
            now.closId(),
            now.schemata(),
            cache.or(now::l3CacheSchema),
            bandwidth.or(now::memBwSchema),
            now.enableMonitoring()));
  }

  /** A configuration with what it became. */
  static Spec applied(Spec spec, Optional<Linux.IntelRdt> rdt) {
    return rdt.map(it -> spec.withLinux(spec.linux().map(linux -> linux.withIntelRdt(it))))
        .orElse(spec);
  }

  private boolean offers(String resource) {
    return Files.isDirectory(point.resolve("info").resolve(resource));
  }

  /** Writes all schemata of a class at once, for the kernel takes them as one. */
  void write(Linux.IntelRdt rdt, String id) {
    String schemata =
        Stream.of(rdt.schemata().stream(), rdt.l3CacheSchema().stream(), rdt.memBwSchema().stream())
            .flatMap(lines -> lines)
            .filter(line -> !line.isEmpty())
            .map(line -> line + "\n")
            .collect(Collectors.joining());
    Groups.write(group(rdt, id).resolve("schemata"), schemata);
  }
}
