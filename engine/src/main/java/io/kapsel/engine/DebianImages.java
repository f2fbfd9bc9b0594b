package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.image.ImageException;
import io.kapsel.image.debian.DebianRequest;
import io.kapsel.image.debian.DebianRoot;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Makes images from Debian archives. This process downloads and unpacks; every program of the new
 * system runs in a container, whose changes are merged into it afterwards.
 */
final class DebianImages {
  private final Kapsel engine;
  private final Path cache;
  private final Path works;
  private final Set<String> active = ConcurrentHashMap.newKeySet();

  DebianImages(Kapsel engine, Path state) {
    this.engine = engine;
    this.cache = state.resolve("cache/debian");
    this.works = state.resolve("creating");
  }

  /** Makes an image; see {@link Kapsel#createImage}. */
  Digest create(
      DebianRequest request,
      Reference name,
      Map<String, String> environment,
      Consumer<String> progress)
      throws InterruptedException {
    String id = UUID.randomUUID().toString();
    active.add(id);
    try {
      removeStale();
      DebianRoot.Workshop workshop =
          new DebianRoot.Workshop(
              cache, Files.createDirectories(works.resolve(id)), environment, progress);
      DebianRoot root = DebianRoot.unpack(request, workshop);
      progress.accept("configuring them in a container");
      configure(root, workshop, name);
      progress.accept("packing");
      return root.pack(workshop, engine.images().store(), name, request);
    } catch (IOException e) {
      throw new ImageException.Failed(
          "cannot create '" + name.familiar() + "': " + AtomicFile.reason(e), e);
    } finally {
      TarRoot.remove(works.resolve(id));
      active.remove(id);
    }
  }

  /** An engine that was killed leaves its trees behind. */
  private void removeStale() throws IOException {
    Files.createDirectories(works);
    try (Stream<Path> all = Files.list(works)) {
      all.filter(each -> !active.contains(each.getFileName().toString()))
          .toList()
          .forEach(TarRoot::remove);
    }
  }

  private void configure(DebianRoot root, DebianRoot.Workshop workshop, Reference name)
      throws InterruptedException {
    Path layer = workshop.work().resolve("layer");
    Container container = engine.create(spec(root, workshop));
    boolean ended = false;
    ExitStatus status;
    try {
      container.keepLayer(layer);
      container.start();
      status = container.await();
      ended = true;
    } catch (EngineException.LaunchFailed e) {
      ended = true; // it has removed itself
      throw new ImageException.Invalid(
          "cannot create '%s': this machine does not run programs of '%s': %s"
              .formatted(name.familiar(), root.architecture(), e.getMessage()));
    } finally {
      if (!ended) {
        container.remove(true);
      }
    }
    if (status.code() != 0) {
      throw new ImageException.Failed(
          "cannot create '%s': its packages cannot be configured: %s"
              .formatted(name.familiar(), DebianRoot.lastWords(layer)),
          null);
    }
    root.settle(workshop, layer);
  }

  /** Without a network, with a range of ids of its own, and the same in each run. */
  private static ContainerSpec spec(DebianRoot root, DebianRoot.Workshop workshop) {
    return new ContainerSpecBuilder(new RootSource.Directory(workshop.root()))
        .entrypoint(List.of("/bin/sh"))
        .command(List.of("-c", root.script(workshop)))
        .env(root.environment())
        .hostname("debian")
        .workingDirectory("/")
        .autoRemove(true)
        .labels(Map.of("io.kapsel.creating", root.architecture()))
        .build();
  }
}
