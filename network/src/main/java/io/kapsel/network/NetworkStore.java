package io.kapsel.network;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** One file for each network; what cannot be read is put aside and told. */
final class NetworkStore {
  private static final System.Logger LOG = System.getLogger(NetworkStore.class.getName());
  private static final String SUFFIX = ".json";

  private final Path directory;

  NetworkStore(Path directory) {
    this.directory = directory;
  }

  List<Network> load() {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    List<Network> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(it -> it.toString().endsWith(SUFFIX)).sorted().toList()) {
        read(file, all);
      }
    } catch (IOException e) {
      throw new NetworkException.Failed("read", directory.toString(), AtomicFile.reason(e), e);
    }
    return all;
  }

  private static void read(Path file, List<Network> all) throws IOException {
    byte[] text = Files.readAllBytes(file);
    String name = file.getFileName().toString();
    if (StateFile.isNewer(
        text, Network.SCHEMA, name.substring(0, name.length() - SUFFIX.length()))) {
      throw new NetworkException.Failed(
          "read", file.toString(), "a newer version of Kapsel has written it; use that", null);
    }
    try {
      Network network = Json.read(text, Network.class);
      if (network.schema() < 1 || network.schema() > Network.SCHEMA) {
        throw new IllegalArgumentException("it is of no version that is known");
      }
      all.add(network);
    } catch (JsonException | IllegalArgumentException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "a network cannot be read and was put aside file={0} reason={1}",
          file,
          e.getMessage());
      Files.move(file, file.resolveSibling(file.getFileName() + ".damaged-" + System.nanoTime()));
    }
  }

  void save(Network network) {
    try {
      Files.createDirectories(directory);
      AtomicFile.write(
          directory.resolve(network.id() + SUFFIX),
          Json.write(network),
          AtomicFile.Durability.SURVIVES_POWER_LOSS);
    } catch (IOException | java.io.UncheckedIOException e) {
      throw new NetworkException.Failed(
          "save network", network.name(), String.valueOf(e.getMessage()), e);
    }
  }

  void remove(Network network) {
    try {
      Files.deleteIfExists(directory.resolve(network.id() + SUFFIX));
      AtomicFile.flush(directory); // else it is back after a power loss
    } catch (IOException e) {
      throw new NetworkException.Failed("remove network", network.name(), AtomicFile.reason(e), e);
    }
  }
}
