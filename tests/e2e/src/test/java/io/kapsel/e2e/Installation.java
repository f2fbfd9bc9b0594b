package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The distribution installed once more, with a configuration that names the product's places: who
 * calls its programs without an environment, finds the same engine.
 */
record Installation(Path prefix) {
  static Installation of(Product product) {
    Path prefix = product.home().resolve("installed");
    try {
      Files.createDirectories(prefix.resolve("bin"));
      Files.createDirectories(prefix.resolve("lib"));
      Files.copy(
          Product.DIST.resolve("bin/kapsel"),
          prefix.resolve("bin/kapsel"),
          StandardCopyOption.COPY_ATTRIBUTES);
      Files.createSymbolicLink(prefix.resolve("bin/kapsel-runc"), Path.of("kapsel"));
      Files.createSymbolicLink(
          prefix.resolve("lib/kapsel"), Product.DIST.resolve("lib/kapsel").toAbsolutePath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    HostFiles.write(
        prefix.resolve("etc/kapsel.conf"),
        "KAPSEL_RUN=%s\nKAPSEL_STATE=%s\n".formatted(product.run(), product.state()));
    return new Installation(prefix);
  }

  /**
   * A copy of the whole distribution. Its {@code train} makes no cache, but keeps what it is told.
   */
  static Installation copied(Product product) {
    Path prefix = product.home().resolve("copied");
    Command.of("cp", "-r", Product.DIST.toString(), prefix.toString()).run().ok();
    HostFiles.write(prefix.resolve("lib/kapsel/train"), "#!/bin/sh\necho \"$*\" >\"$0.told\"\n");
    return new Installation(prefix);
  }

  /** Where the copy was told to make a cache; empty when it was not. */
  String told() {
    return HostFiles.read(prefix.resolve("lib/kapsel/train.told")).strip();
  }

  /** What callers of an OCI runtime are told to call. */
  Path runtime() {
    return prefix.resolve("bin/kapsel-runc");
  }
}
