package io.kapsel.systemd;

import io.kapsel.systemd.bus.Manager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.exceptions.DBusExecutionException;
import org.freedesktop.dbus.interfaces.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A connection to systemd, the host's or a user's. Made for one request and closed after it: what
 * it costs is paid by those who ask for systemd alone.
 */
public final class ServiceManager implements AutoCloseable {
  private static final String NAME = "org.freedesktop.systemd1";
  private static final String OBJECT = "/org/freedesktop/systemd1";
  private static final String MANAGER = "org.freedesktop.systemd1.Manager";
  private static final Path RUNS = Path.of("/run/systemd/system");
  private static final Path SYSTEM_BUS = Path.of("/run/dbus/system_bus_socket");
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String EXISTS = "already";
  private static final String UNKNOWN = "not loaded";
  private static final String REPLACE = "replace";

  private final DBusConnection connection;
  private final Manager manager;
  private final Properties properties;
  private final ConcurrentMap<String, CompletableFuture<String>> jobs = new ConcurrentHashMap<>();

  private ServiceManager(DBusConnection connection) throws DBusException {
    this.connection = connection;
    this.manager = connection.getRemoteObject(NAME, OBJECT, Manager.class);
    this.properties = connection.getRemoteObject(NAME, OBJECT, Properties.class);
    connection.addSigHandler(
        Manager.JobRemoved.class,
        job -> {
          CompletableFuture<String> waiting = jobs.get(job.unit());
          if (waiting != null) {
            waiting.complete(job.result());
          }
        });
    manager.subscribe();
  }

  /**
   * The host's.
   *
   * @throws SystemdException when none runs, or its bus cannot be reached
   */
  public static ServiceManager system() {
    if (!Files.isDirectory(RUNS)) {
      throw unavailable("no systemd runs on this host (there is no '" + RUNS + "')", null);
    }
    return open(SYSTEM_BUS, OptionalLong.empty());
  }

  /**
   * A user's own.
   *
   * @param bus the socket of his bus
   * @param uid as which the bus knows him, if that is another than here
   */
  public static ServiceManager user(Path bus, OptionalLong uid) {
    return open(bus, uid);
  }

  private static ServiceManager open(Path socket, OptionalLong uid) {
    if (!Files.exists(socket)) {
      throw unavailable("there is no bus at '" + socket + "'; install dbus", null);
    }
    // The library logs through slf4j, which has nowhere to go here and says so on standard error.
    System.setProperty("slf4j.internal.verbosity", "ERROR");
    try {
      DBusConnectionBuilder builder =
          DBusConnectionBuilder.forAddress("unix:path=" + socket).withShared(false);
      uid.ifPresent(number -> builder.transportConfig().configureSasl().withSaslUid(number));
      DBusConnection connection = builder.build();
      try {
        return new ServiceManager(connection);
      } catch (DBusException | DBusExecutionException e) {
        connection.disconnect();
        throw e;
      }
    } catch (DBusException | DBusExecutionException e) {
      throw unavailable("the bus at '" + socket + "' does not answer: " + e.getMessage(), e);
    }
  }

  private static SystemdException unavailable(String why, @Nullable Throwable cause) {
    return new SystemdException("cannot reach systemd: " + why, cause);
  }

  /** The first number of its version. */
  public int version() {
    String digits = property("Version").replaceAll("^[^0-9]*([0-9]+).*$", "$1");
    return digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : 0;
  }

  /** The control group of all of its units, with a slash before it; empty for the host's own. */
  public String controlGroup() {
    String group = property("ControlGroup");
    return group.equals("/") ? "" : group;
  }

  private String property(String name) {
    try {
      Object value = properties.Get(MANAGER, name);
      return String.valueOf(value);
    } catch (DBusExecutionException e) {
      throw new SystemdException("cannot ask systemd for '" + name + "': " + e.getMessage(), e);
    }
  }

  /** Makes a unit, starts it, and waits until it runs. One that has failed before is forgotten. */
  public void start(String unit, List<UnitProperty> wanted) {
    CompletableFuture<String> result = expect(unit);
    try {
      try {
        manager.startTransientUnit(unit, REPLACE, Words.of(wanted), List.of());
      } catch (DBusExecutionException e) {
        if (!says(e, EXISTS)) {
          throw e;
        }
        resetFailed(unit);
        manager.startTransientUnit(unit, REPLACE, Words.of(wanted), List.of());
      }
      String word = await(result);
      if (!word.equals("done")) {
        resetFailed(unit);
        throw new SystemdException(
            "unable to start unit \"%s\": systemd says '%s'".formatted(unit, word), null);
      }
    } catch (DBusExecutionException e) {
      String shown = String.join(", ", wanted.stream().map(UnitProperty::shown).toList());
      throw new SystemdException(
          "unable to start unit \"%s\" (properties [%s]): %s"
              .formatted(unit, shown, e.getMessage()),
          e);
    } finally {
      jobs.remove(unit);
    }
  }

  /** Changes properties of a unit, until the next boot. */
  public void change(String unit, List<UnitProperty> wanted) {
    try {
      manager.setUnitProperties(unit, true, Words.of(wanted));
    } catch (DBusExecutionException e) {
      throw new SystemdException(
          "unable to set properties of unit \"%s\": %s".formatted(unit, e.getMessage()), e);
    }
  }

  /** Stops a unit and forgets it; one that is not there is no error. */
  public void stop(String unit) {
    CompletableFuture<String> result = expect(unit);
    try {
      manager.stopUnit(unit, REPLACE);
      await(result);
      resetFailed(unit);
    } catch (DBusExecutionException e) {
      if (!says(e, UNKNOWN)) {
        throw new SystemdException(
            "unable to stop unit \"%s\": %s".formatted(unit, e.getMessage()), e);
      }
    } finally {
      jobs.remove(unit);
    }
  }

  /** The library hands over systemd's words alone, not the name of its error. */
  private static boolean says(DBusExecutionException e, String words) {
    return String.valueOf(e.getMessage()).contains(words);
  }

  private void resetFailed(String unit) {
    try {
      manager.resetFailedUnit(unit);
    } catch (DBusExecutionException e) {
      // it has not failed, or is gone
    }
  }

  private CompletableFuture<String> expect(String unit) {
    CompletableFuture<String> result = new CompletableFuture<>();
    jobs.put(unit, result);
    return result;
  }

  private static String await(CompletableFuture<String> result) {
    try {
      return result.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new SystemdException("systemd does not finish its job within 30 seconds", e);
    } catch (ExecutionException e) {
      throw new SystemdException("systemd's job is lost: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SystemdException("interrupted while systemd does its job", e);
    }
  }

  @Override
  public void close() {
    connection.disconnect();
  }
}
