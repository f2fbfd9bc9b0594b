package io.kapsel.network.cni;

import io.kapsel.base.JsonException;
import io.kapsel.base.JsonTree;
import io.kapsel.linux.Fd;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;

/**
 * A network that a chain of plugins makes; sections 3 and 4 of the specification. What plugins were
 * told is in a file before they are called, so that whatever becomes of the engine they are told to
 * clean up.
 */
public final class CniNetwork {
  private static final System.Logger LOG = System.getLogger(CniNetwork.class.getName());
  private static final String VALID = "cni.dev/valid-attachments";

  private final CniList list;
  private final CniPlaces places;
  private final CniRecords records;

  /** Who cleans up must not meet somebody who is just being added. */
  private final ReadWriteLock adding = new ReentrantReadWriteLock();

  private CniNetwork(CniList list, CniPlaces places, CniRecords records) {
    this.list = list;
    this.places = places;
    this.records = records;
  }

  /**
   * A new one, whose configuration is kept in {@code directory} from now on: who is taken out of it
   * has to find what he was added with.
   */
  public static CniNetwork create(String fileOrName, CniPlaces places, Path directory) {
    CniList found = CniList.find(fileOrName, places.configurations());
    List<List<String>> known =
        found.plugins().stream().map(each -> plugin(each, places).versions()).toList();
    CniList list = found.in(CniVersion.choose(found.versions(), known));
    CniRecords records = new CniRecords(directory);
    records.save(list);
    return new CniNetwork(list, places, records);
  }

  /** One that is there. */
  public static CniNetwork open(CniPlaces places, Path directory) {
    CniRecords records = new CniRecords(directory);
    return new CniNetwork(records.configuration(), places, records);
  }

  private static CniPlugin plugin(Map<String, Object> config, CniPlaces places) {
    return new CniPlugin(CniList.text(config, "type").orElseThrow(), places);
  }

  /** Its configuration. */
  public CniList list() {
    return list;
  }

  private String version() {
    return list.versions().getFirst();
  }

  /** Adds a container; where that fails nothing of it is left. */
  public CniResult add(CniAttachment attachment) {
    adding.readLock().lock();
    try (Fd lock = records.lock(attachment)) {
      records
          .of(attachment.container(), attachment.inside())
          .ifPresent(old -> delete(old, lock)); // ADD must not follow ADD
      CniRecord begun = new CniRecord(CniRecord.SCHEMA, attachment, Optional.empty());
      records.save(begun);
      try {
        String result = chain(attachment, lock);
        CniResult read = CniResult.parse(result, attachment.inside());
        records.save(new CniRecord(CniRecord.SCHEMA, attachment, Optional.of(result)));
        return read;
      } catch (CniException e) {
        undo(begun, lock, e);
        throw e;
      }
    } finally {
      adding.readLock().unlock();
    }
  }

  private String chain(CniAttachment attachment, Fd lock) {
    Optional<String> result = Optional.empty();
    for (Map<String, Object> each : list.plugins()) {
      result = Optional.of(call("ADD", each, attachment, result, lock));
    }
    return result.orElseThrow();
  }

  private void undo(CniRecord begun, Fd lock, CniException reason) {
    try {
      delete(begun, lock);
    } catch (CniException e) {
      reason.addSuppressed(e);
      LOG.log(System.Logger.Level.WARNING, "plugins will be told again to clean up", e);
    }
  }

  /** Takes a container out; nothing to do for one that is not in. */
  public void delete(String container, String inside, Optional<String> namespace) {
    Optional<CniRecord> found = records.of(container, inside);
    if (found.isEmpty()) {
      return;
    }
    CniAttachment then = found.get().attachment();
    CniAttachment now =
        new CniAttachment(container, inside, namespace.orElse(""), then.arguments());
    try (Fd lock = records.lock(then)) {
      delete(new CniRecord(CniRecord.SCHEMA, now, found.get().result()), lock);
    }
  }

  /** All plugins are told, the last one first, whatever one of them says. */
  private void delete(CniRecord record, Fd lock) {
    Optional<String> result = record.result().filter(_ -> CniVersion.checks(version()));
    Optional<CniException> failure = Optional.empty();
    for (Map<String, Object> each : list.plugins().reversed()) {
      try {
        String _ = call("DEL", each, record.attachment(), result, lock);
      } catch (CniException e) {
        failure = failure.or(() -> Optional.of(e));
      }
    }
    failure.ifPresent(it -> {
      throw it;
    });
    records.remove(record.attachment());
  }

  /** What plugins said of names when they added a container. */
  public CniNames names(String container, String inside) {
    return records
        .of(container, inside)
        .flatMap(CniRecord::result)
        .map(it -> CniResult.parse(it, inside).names())
        .orElse(CniNames.NONE);
  }

  /** Whether what was made for a container is as it was; throws with what is not. */
  public void check(String container, String inside) {
    Optional<CniRecord> found = records.of(container, inside).filter(it -> it.result().isPresent());
    if (found.isEmpty() || list.disableCheck() || !CniVersion.checks(version())) {
      return;
    }
    try (Fd lock = records.lock(found.get().attachment())) {
      for (Map<String, Object> each : list.plugins()) {
        String _ = call("CHECK", each, found.get().attachment(), found.get().result(), lock);
      }
    }
  }

  /** Whether its plugins could add a container now; throws with what is missing. */
  public void status() {
    for (Map<String, Object> each : list.plugins()) {
      CniPlugin plugin = plugin(each, places);
      if (CniVersion.collects(version())) {
        String _ = plugin.call("STATUS", List.of(), config(each), List.of());
      }
    }
  }

  /** Takes out who is not there any more, and lets plugins clean up what they find. */
  public void collect(Predicate<String> isThere) {
    adding.writeLock().lock();
    try {
      for (CniRecord each : records.all()) {
        CniAttachment of = each.attachment();
        if (!isThere.test(of.container())) {
          tryTo(
              "take a container out", () -> delete(of.container(), of.inside(), Optional.empty()));
        }
      }
      if (CniVersion.collects(version()) && !list.disableGc()) {
        list.plugins().forEach(each -> tryTo("clean up", () -> collect(each)));
      }
    } finally {
      adding.writeLock().unlock();
    }
  }

  private void tryTo(String what, Runnable work) {
    try {
      work.run();
    } catch (CniException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "network {0}: cannot {1}: {2}",
          list.name(),
          what,
          e.reason());
    }
  }

  private void collect(Map<String, Object> each) {
    Map<String, Object> config = config(each);
    List<Map<String, Object>> valid = new ArrayList<>();
    for (CniRecord record : records.all()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("containerID", record.attachment().container());
      one.put("ifname", record.attachment().inside());
      valid.add(one);
    }
    config.put(VALID, valid);
    String _ = plugin(each, places).call("GC", List.of(), config, List.of());
  }

  /** Takes everybody out, and forgets the network. */
  public void remove() {
    collect(_ -> false);
    records.removeAll();
  }

  private Map<String, Object> config(Map<String, Object> plugin) {
    Map<String, Object> config = new LinkedHashMap<>(plugin);
    config.remove("capabilities");
    config.put("cniVersion", version());
    config.put("name", list.name());
    return config;
  }

  private String call(
      String command,
      Map<String, Object> plugin,
      CniAttachment attachment,
      Optional<String> result,
      Fd lock) {
    Map<String, Object> config = config(plugin);
    result.ifPresent(
        it -> config.put("prevResult", JsonTree.read(it.getBytes(StandardCharsets.UTF_8))));
    Map<String, Object> arguments = arguments(plugin, attachment);
    if (!arguments.isEmpty()) {
      config.put("runtimeConfig", arguments);
    }
    List<String> parameters =
        List.of(
            "CNI_CONTAINERID=" + attachment.container(),
            "CNI_NETNS=" + attachment.namespace(),
            "CNI_IFNAME=" + attachment.inside());
    CniPlugin program = plugin(plugin, places);
    String answer = program.call(command, parameters, config, List.of(lock));
    if (command.equals("ADD")) {
      check(program, answer);
    }
    return answer;
  }

  private static void check(CniPlugin program, String answer) {
    try {
      Map<String, Object> _ =
          CniList.object(JsonTree.read(answer.getBytes(StandardCharsets.UTF_8)));
    } catch (JsonException | CniException e) {
      throw program.failed("ADD", "its result makes no sense: " + e.getMessage());
    }
  }

  /** What the engine knows and this plugin takes. */
  private static Map<String, Object> arguments(
      Map<String, Object> plugin, CniAttachment attachment) {
    Map<String, Object> all =
        new LinkedHashMap<>(
            CniList.object(JsonTree.read(attachment.arguments().getBytes(StandardCharsets.UTF_8))));
    all.keySet().removeIf(it -> !CniList.takes(plugin, it));
    return all;
  }
}
