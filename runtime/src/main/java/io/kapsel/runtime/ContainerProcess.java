package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.Pidfd;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A running program and its monitor. */
public final class ContainerProcess implements AutoCloseable {
  private static final int KILL = 9;

  private final Control control;
  private final int pid;
  private final int monitorPid;
  private final Pidfd process;
  private final Optional<Path> record;
  private final List<String> notices;
  private final CompletableFuture<ExitRecord> end = new CompletableFuture<>();

  private volatile boolean released;

  ContainerProcess(
      Control control, Control.Answer started, Optional<Path> record, List<String> notices) {
    this.control = control;
    this.pid = started.a();
    this.monitorPid = started.b();
    this.process = Pidfd.of(pid, started.descriptor().orElseThrow());
    this.record = record;
    this.notices = List.copyOf(notices);
    Thread.ofVirtual().name("monitor-" + pid).start(this::listen);
  }

  private void listen() {
    try {
      Optional<Control.Answer> answer = control.receive();
      while (answer.isPresent()) {
        if (answer.get().type() == Control.EXITED) {
          int status = answer.get().a();
          end.complete(
              recorded()
                  .orElseGet(() ->
                      new ExitRecord(
                          new io.kapsel.linux.process.WaitStatus(status),
                          java.time.Instant.now(),
                          false)));
        }
        answer = control.receive();
      }
    } catch (SyscallException e) {
      if (!e.is(Errno.EBADF) && !e.is(Errno.ECONNRESET)) {
        throw e;
      }
    } finally {
      finish();
    }
  }

  /** The monitor is gone. Without its record the program goes, too: nobody would see its end. */
  private void finish() {
    if (!end.isDone() && !released) {
      Optional<ExitRecord> known = recorded();
      if (known.isEmpty()) {
        process.signal(KILL);
      }
      end.complete(known.orElseGet(ExitRecord::unseen));
    } else if (!end.isDone()) {
      end.complete(ExitRecord.unseen());
    }
    control.close();
  }

  private Optional<ExitRecord> recorded() {
    return record.flatMap(ExitRecord::read);
  }

  /** The pid of its first process, as the host sees it. */
  public int pid() {
    return pid;
  }

  /** The process itself, which no other one can take the place of. */
  Fd handle() {
    return process.fd();
  }

  /** The pid of the monitor. */
  public int monitorPid() {
    return monitorPid;
  }

  /** What was asked for and could not be had. */
  public List<String> notices() {
    return notices;
  }

  /** Whether it has not ended. */
  public boolean running() {
    return !end.isDone();
  }

  /** Whether it has ended or ends soon. */
  public boolean endsWithin(Duration limit) {
    try {
      return !running() || process.await(limit);
    } catch (SyscallException e) {
      return !running();
    }
  }

  /** Whether {@link #close} was called: its end is not ours to tell. */
  public boolean released() {
    return released;
  }

  /** Waits for the end. */
  public ExitRecord await() {
    return end.join();
  }

  /** The end, as it comes. */
  public CompletableFuture<ExitRecord> end() {
    return end.copy();
  }

  /** Relays between the program and a client's stream socket, whose descriptor is passed on. */
  public void attach(Client client) {
    client.attachTo(control);
  }

  /** Sends a signal; nothing when it has ended. */
  public void signal(int number) {
    send(() -> process.signal(number));
  }

  /** Sends a signal to it and to what it has started, as far as that has not left its group. */
  public void signalGroup(int number) {
    send(() -> process.signalGroup(number));
  }

  private void send(Runnable signal) {
    try {
      signal.run();
    } catch (SyscallException e) {
      if (!e.isClosed() || !end.isDone()) {
        throw e;
      }
    }
  }

  /** Lets it go on without us. */
  @Override
  public void close() {
    released = true;
    control.close();
    process.close();
  }
}
