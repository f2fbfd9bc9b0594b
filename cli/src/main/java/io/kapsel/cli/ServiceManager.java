package io.kapsel.cli;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Credentials;
import io.kapsel.linux.socket.UnixDatagrams;
import io.kapsel.linux.socket.UnixListener;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Who has started this engine as a service, if anybody has: hands it the socket, and is told how it
 * goes; see sd_listen_fds(3) and sd_notify(3).
 */
final class ServiceManager {
  private static final System.Logger LOG = System.getLogger(ServiceManager.class.getName());
  private static final int FIRST = 3;

  private final Map<String, String> environment;
  private final long pid = ProcessHandle.current().pid();

  ServiceManager(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** The socket that it listens at for this engine. */
  Optional<UnixListener> listener() {
    if (!environment.getOrDefault("LISTEN_PID", "").equals(Long.toString(pid))) {
      return Optional.empty();
    }
    String count = environment.getOrDefault("LISTEN_FDS", "0");
    if (count.equals("0")) {
      return Optional.empty();
    }
    if (!count.equals("1")) {
      throw new IllegalArgumentException(
          "the service manager hands over " + count + " sockets; one has to be in the unit");
    }
    return Optional.of(UnixListener.inherited(FIRST));
  }

  /** It takes requests. */
  void ready() {
    say("READY=1\nSTATUS=Ready");
  }

  /** Its configuration is read again; it says that it is ready when that is done. */
  void reloading() {
    // The same clock as CLOCK_MONOTONIC, on Linux.
    say("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
  }

  /** It ends; containers that run go on. */
  void stopping() {
    say("STOPPING=1\nSTATUS=Ends; containers that run go on");
  }

  /** How often it wants to hear that the engine is well. */
  Optional<Duration> watchdog() {
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    String meant = environment.getOrDefault("WATCHDOG_PID", Long.toString(pid));
    return micros.matches("[1-9]\\d{0,17}") && meant.equals(Long.toString(pid))
        ? Optional.of(Duration.of(Long.parseLong(micros), java.time.temporal.ChronoUnit.MICROS))
        : Optional.empty();
  }

  /** Says so twice as often, as long as the threads run that serve requests. */
  void watch() {
    watchdog()
        .ifPresent(limit -> {
          ScheduledThreadPoolExecutor timer =
              new ScheduledThreadPoolExecutor(
                  1, Thread.ofPlatform().daemon().name("kapsel-watchdog").factory());
          long pause = Math.max(1, limit.toNanos() / 2);
          var _ =
              timer.scheduleAtFixedRate(this::lookAtThreads, pause, pause, TimeUnit.NANOSECONDS);
        });
  }

  private void lookAtThreads() {
    var _ = Thread.ofVirtual().name("watchdog").start(() -> say("WATCHDOG=1"));
  }

  private void say(String text) {
    String socket = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (!socket.startsWith("/") && !socket.startsWith("@")) {
      return;
    }
    try {
      UnixDatagrams.send(
          socket, text.getBytes(StandardCharsets.UTF_8), new Credentials((int) pid, uid(), gid()));
    } catch (SyscallException e) {
      LOG.log(
          Level.WARNING, "the service manager does not hear: {0}", String.valueOf(e.getMessage()));
    }
  }

  private static int uid() {
    return own("unix:uid");
  }

  private static int gid() {
    return own("unix:gid");
  }

  private static int own(String attribute) {
    try {
      return (int) Files.getAttribute(Path.of("/proc/self"), attribute);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
