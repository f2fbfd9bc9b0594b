package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.JsonException;
import io.kapsel.oci.Process;
import io.kapsel.oci.Root;
import io.kapsel.oci.Spec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A bundle as the caller names it.
 *
 * @param directory absolute, in the caller's terms
 * @param text the configuration as it is written there
 */
record Bundles(Path directory, ByteBuffer text, Spec spec, Path rootfs, Places places) {
  static Bundles read(Call call) {
    Path directory = call.places().absolute(call.words().last("bundle").orElse("."));
    Places places = call.places().in(directory);
    String name = call.words().text("config").orElse("config.json");
    byte[] text = configuration(places, name);
    Spec spec = parsed(call, name, text);
    Process process =
        spec.process().orElseThrow(() -> new OciException("process property must not be empty"));
    if (process.args().isEmpty()) {
      throw new OciException("args must not be empty");
    }
    Root root =
        spec.root().orElseThrow(() -> new OciException("root filesystem must be specified"));
    Path rootfs = directory.resolve(root.path()).normalize();
    checkRoot(places.of(rootfs), rootfs);
    return new Bundles(directory, ByteBuffer.wrap(text), spec, rootfs, places);
  }

  private static Spec parsed(Call call, String name, byte[] text) {
    try {
      return call.runtime().configuration(text);
    } catch (JsonException e) {
      throw new OciException("cannot use '" + name + "': " + e.getMessage(), e);
    }
  }

  private static byte[] configuration(Places places, String name) {
    if (!Files.isDirectory(places.of("."))) {
      throw new OciException("chdir " + places.directory() + ": no such file or directory");
    }
    try {
      return Files.readAllBytes(places.of(name));
    } catch (NoSuchFileException e) {
      throw new OciException("JSON specification file " + name + " not found", e);
    } catch (IOException e) {
      throw new OciException("open " + name + ": " + AtomicFile.reason(e), e);
    }
  }

  private static void checkRoot(Path place, Path shown) {
    if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      throw new OciException("invalid rootfs: stat " + shown + ": no such file or directory");
    }
    if (Files.isSymbolicLink(place)) {
      throw new OciException("invalid rootfs: it must not be a symlink");
    }
    if (!Files.isDirectory(place)) {
      throw new OciException("invalid rootfs: " + shown + ": not a directory");
    }
  }

  /** The text of the configuration with what the caller has added; hooks stand in it as such. */
  byte[] text(Spec adjusted) {
    if (!adjusted.equals(spec) || spec.hooks().isPresent()) {
      return adjusted.toJson();
    }
    byte[] same = new byte[text.remaining()];
    text.duplicate().get(same);
    return same;
  }

  static Spec withProcess(Spec spec, Process process) {
    return new Spec(
        spec.ociVersion(),
        Optional.of(process),
        spec.root(),
        spec.hostname(),
        spec.domainname(),
        spec.mounts(),
        spec.hooks(),
        spec.annotations(),
        spec.linux());
  }
}
