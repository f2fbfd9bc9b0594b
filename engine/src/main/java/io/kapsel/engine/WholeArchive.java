package io.kapsel.engine;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.image.archive.TreeArchive;
import io.kapsel.image.tar.Extractor;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarReader;
import io.kapsel.image.tar.TarWriter;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A whole container as one archive: what was said about it, all layers, all snapshots. It needs no
 * image where it is read. A first member says what follows; each layer is an archive in it.
 */
final class WholeArchive {
  private static final int SCHEMA = 1;
  private static final String ABOUT = "kapsel-container.json";
  private static final String BASE = "base";
  private static final String SUFFIX = ".tar";
  private static final int LONGEST = 16 << 20;

  private final Kapsel engine;

  /**
   * The first member.
   *
   * @param layers of the container, the upper ones first, the last with all that is below
   */
  record About(
      int schema,
      String name,
      Instant exportedAt,
      ContainerSpec spec,
      List<String> layers,
      List<Snapshot> snapshots,
      Map<String, Integer> modes) {}

  WholeArchive(Kapsel engine) {
    this.engine = engine;
  }

  /** Writes one; where the container runs, it stands still until its own layer is copied. */
  void write(Container container, OutputStream out) {
    List<String> layers;
    List<Snapshot> snapshots;
    List<Path> below;
    container.life().lock();
    try {
      container.checkThere("export");
      layers = new OwnLayer(engine, container).settle();
      snapshots = container.snapshots().list();
      snapshots.forEach(each -> engine.saved.hold(each.layers()));
      below = container.contents().ground();
    } finally {
      container.life().unlock();
    }
    try {
      write(container, layers, snapshots, below, out);
    } catch (IOException | SyscallException e) {
      throw new EngineException.Failed(
          "export", container.name(), String.valueOf(e.getMessage()), e);
    } finally {
      engine.saved.release(layers);
      snapshots.forEach(each -> engine.saved.release(each.layers()));
    }
  }

  private void write(
      Container container,
      List<String> layers,
      List<Snapshot> snapshots,
      List<Path> below,
      OutputStream out)
      throws IOException {
    Set<String> all = new LinkedHashSet<>(layers);
    snapshots.forEach(each -> all.addAll(each.layers()));
    Map<String, Integer> modes = new HashMap<>();
    all.forEach(layer -> modes.put(layer, mode(engine.saved.tree(layer))));
    About about =
        new About(
            SCHEMA, container.name(), Instant.now(), container.spec(), layers, snapshots, modes);
    try (TarWriter tar = new TarWriter(new Kept(out))) {
      byte[] text = Json.write(about);
      tar.begin(file(ABOUT, text.length));
      tar.write(text, 0, text.length);
      member(tar, BASE, below);
      for (String layer : all) {
        member(tar, layer, List.of(engine.saved.tree(layer)));
      }
      tar.finish();
    }
  }

  private static int mode(Path tree) {
    try (Fd top = Open.path(tree.toString(), OpenFlags.DIRECTORY)) {
      return Attributes.status(top).mode();
    }
  }

  private static TarEntry file(String name, long size) {
    return new TarEntry(
        TarEntry.Type.FILE, name, "", 0600, 0, 0, size, Instant.EPOCH, 0, 0, Map.of(), List.of());
  }

  /** How long it will be is not known before. What it is kept in has no name, and so no rest. */
  private void member(TarWriter tar, String name, List<Path> trees) throws IOException {
    Path spool = Files.createTempFile(engine.config.state(), "export-", SUFFIX);
    List<Fd> open = new ArrayList<>();
    try (FileChannel kept =
        FileChannel.open(
            spool,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      trees.forEach(each -> open.add(Open.path(each.toString(), OpenFlags.DIRECTORY)));
      OutputStream out = new Kept(Channels.newOutputStream(kept));
      if (name.equals(BASE)) {
        TreeArchive.merged(open, out);
      } else {
        TreeArchive.layer(open.getFirst(), out);
      }
      tar.begin(file(name + SUFFIX, kept.size()));
      InputStream in = Channels.newInputStream(kept.position(0));
      byte[] buffer = new byte[1 << 16];
      for (int count; (count = in.read(buffer)) > 0; ) {
        tar.write(buffer, 0, count);
      }
    } finally {
      open.forEach(Fd::close);
    }
  }

  /**
   * Makes a container from one; nothing has the name before it is whole.
   *
   * @param trusted whether it may have of the host what it asks for
   */
  Container read(InputStream packed, Optional<String> name, boolean trusted) {
    Map<String, String> made = new HashMap<>();
    try (InputStream in = Unpacking.of(packed)) {
      TarReader tar = new TarReader(in);
      About about = about(tar);
      if (!trusted) {
        check(about);
      }
      for (TarEntry each = tar.next(); each != null; each = tar.next()) {
        unpack(each, tar, about, made);
      }
      return create(about, name.orElse(about.name()), made);
    } catch (IOException | SyscallException | JsonException | InvalidRequestException e) {
      throw new EngineException.Invalid("import", "a container", String.valueOf(e.getMessage()));
    } finally {
      engine.saved.release(made.values());
    }
  }

  private static void check(About about) {
    Set<String> asks = new LinkedHashSet<>(Trust.asks(about.spec()));
    about.snapshots().forEach(each -> asks.addAll(Trust.asks(each.spec())));
    if (!asks.isEmpty()) {
      throw new EngineException.Refused(
          "import",
          about.name(),
          "it asks for " + String.join(", ", asks) + "; --trust gives it that");
    }
  }

  private static About about(TarReader tar) throws IOException {
    TarEntry first = tar.next();
    if (first == null || !first.name().equals(ABOUT) || first.size() > LONGEST) {
      throw new IOException(
          "it is not an archive of 'kapsel export --whole'; a root file system becomes an image"
              + " without --whole");
    }
    byte[] text = new byte[(int) first.size()];
    int done = 0;
    for (int count; done < text.length; done += count) {
      count = tar.read(text, done, text.length - done);
      if (count < 0) {
        throw new IOException("the archive ends too early");
      }
    }
    About about = Json.read(text, About.class);
    if (about.schema() > SCHEMA) {
      throw new IOException("it was written by a newer version");
    }
    return about;
  }

  private void unpack(TarEntry entry, TarReader tar, About about, Map<String, String> made)
      throws IOException {
    String name = entry.name();
    if (!name.endsWith(SUFFIX)) {
      return;
    }
    String old = name.substring(0, name.length() - SUFFIX.length());
    if (made.containsKey(old)) {
      throw new IOException("a layer stands in the archive twice");
    }
    String layer = engine.saved.begin();
    made.put(old, layer);
    Path tree = Files.createDirectory(engine.saved.tree(layer));
    try (Fd root = Open.path(tree.toString(), OpenFlags.DIRECTORY)) {
      Extractor.Form form = old.equals(BASE) ? Extractor.Form.TREE : Extractor.Form.LAYER;
      Extractor.Extracted _ = Extractor.extract(tar.data(), root, form);
      Attributes.mode(root, about.modes().getOrDefault(old, 0755) & 0777);
    }
  }

  private Container create(About about, String name, Map<String, String> made) throws IOException {
    if (!made.containsKey(BASE)) {
      throw new IOException("the archive ends too early");
    }
    List<String> layers = renamed(about.layers(), made);
    List<Snapshot> snapshots = new ArrayList<>();
    for (Snapshot each : about.snapshots()) {
      snapshots.add(
          new Snapshot(
              Snapshot.SCHEMA,
              each.name(),
              each.createdAt(),
              each.expiresAt(),
              each.comment(),
              renamed(each.layers(), made),
              each.spec()));
    }
    return engine.create(
        about.spec().named(Optional.of(name)),
        new Ground(
            Optional.empty(),
            Optional.empty(),
            Optional.of(new StoredContainer.Saved(layers, true)),
            assembly -> {
              ContainerStore.resemble(assembly.upper(), assembly.layers().getFirst());
              Snapshots.write(engine, assembly.identity().id(), snapshots);
            }),
        false);
  }

  private static List<String> renamed(List<String> layers, Map<String, String> made)
      throws IOException {
    List<String> all = new ArrayList<>();
    for (String layer : layers) {
      String now = made.get(layer);
      if (now == null) {
        throw new IOException("a layer is missing in the archive");
      }
      all.add(now);
    }
    all.add(made.getOrDefault(BASE, BASE));
    return all;
  }

  /** What is below stays open: it is the caller's. */
  private static final class Kept extends FilterOutputStream {
    Kept(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      out.write(bytes, from, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }
}
