package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.runtime.Account;
import io.kapsel.runtime.LaunchException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Writes down, for whoever is inside a system container, what it has of each resource and which
 * limits were in its way: {@value #FILE} in {@code /run/host}. It is as old as its first line says.
 */
final class Accounting {
  private static final System.Logger LOG = System.getLogger(Accounting.class.getName());
  private static final String FILE = "accounting";

  private final Kapsel engine;

  Accounting(Kapsel engine) {
    this.engine = engine;
  }

  void writeAll() {
    engine.containers().stream()
        .filter(each -> each.spec().isSystem())
        .filter(each -> each.status().phase() == ContainerStatus.Phase.RUNNING)
        .forEach(this::write);
  }

  /** One that fails keeps no other from it. */
  private void write(Container container) {
    try {
      write(container.id(), engine.runtime.accounts(container.id()));
    } catch (LaunchException | UncheckedIOException e) {
      LOG.log(System.Logger.Level.WARNING, "an account cannot be written id=" + container.id(), e);
    }
  }

  /** Writes what was counted just now. */
  void write(String id, List<Account> accounts) {
    Path directory = engine.store.stateOf(id).resolve("files/host");
    if (!Files.isDirectory(directory)) {
      return; // it has ended meanwhile
    }
    Path file = directory.resolve(FILE);
    AtomicFile.write(
        file,
        text(accounts, Instant.now()).getBytes(StandardCharsets.UTF_8),
        AtomicFile.Durability.SURVIVES_CRASH);
    if (!file.toFile().setReadable(true, false)) {
      LOG.log(System.Logger.Level.DEBUG, "nobody but root can read file={0}", file);
    }
  }

  /** A line for each resource, as OpenVZ writes them. */
  static String text(List<Account> accounts, Instant now) {
    StringBuilder text = new StringBuilder("Version: 1  " + now.getEpochSecond() + "\n");
    text.append(
        "%-14s %20s %20s %20s %20s%n".formatted("resource", "held", "maxheld", "limit", "failcnt"));
    for (Account each : accounts) {
      text.append(
          "%-14s %20s %20s %20s %20s%n"
              .formatted(
                  each.resource(),
                  number(each.held()),
                  number(each.maxHeld()),
                  number(each.limit()),
                  number(each.failures())));
    }
    return text.toString();
  }

  private static String number(Optional<Long> value) {
    return value.map(Object::toString).orElse("-");
  }
}
