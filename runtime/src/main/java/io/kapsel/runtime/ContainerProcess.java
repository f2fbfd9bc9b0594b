package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.Pidfd;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** A running program and its monitor, which is another one after the first was killed. */
public final class ContainerProcess implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ContainerProcess.class.getName());
  private static final int KILL = 9;

  /** How long another monitor may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final int pid;
  private final Pidfd process;
  private final Optional<Path> record;
  private final List<String> notices;
  private final CompletableFuture<ExitRecord> end = new CompletableFuture<>();
  private final ReentrantLock monitorLock = new ReentrantLock();
  private final Condition changed = monitorLock.newCondition();
  private final Set<Runnable> waiting = new LinkedHashSet<>();
  private final ReentrantLock attachLock = new ReentrantLock();
  private final BlockingQueue<Integer> attached = new LinkedBlockingQueue<>();

  private volatile Control control;
  private volatile int monitorPid;
  private volatile boolean released;

  ContainerProcess(
      Control control, Control.Answer started, Optional<Path> record, List<String> notices) {
    this.control = control;
    this.pid = started.a();
    this.monitorPid = started.b();
    this.process = Pidfd.of(pid, started.descriptor().orElseThrow());
    this.record = record;
    this.notices = List.copyOf(notices);
    Thread.ofVirtual().name("monitor-" + pid).start(this::watch);
  }

  private void watch() {
    try {
      do {
        listen();
      } while (!end.isDone() && !released && recorded().isEmpty() && hasAnother());
    } finally {
      finish();
    }
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
        if (answer.get().type() == Control.ATTACHED) {
          attached.add(answer.get().a());
        }
        answer.get().descriptor().ifPresent(Fd::close);
        answer = control.receive();
      }
    } catch (SyscallException e) {
      if (!e.is(Errno.EBADF) && !e.is(Errno.ECONNRESET)) {
        throw e;
      }
    }
  }

  /** Whether the keeper has put another in the place of a monitor that was killed. */
  private boolean hasAnother() {
    Optional<Control> other = record.map(Path::getParent).flatMap(Control::connect);
    try {
      Optional<Control.Answer> said = other.flatMap(each -> each.receive(PATIENCE));
      if (said.filter(each -> each.type() == Control.STARTED && each.a() == pid).isEmpty()) {
        other.ifPresent(Control::close);
        return false;
      }
      said.get().descriptor().ifPresent(Fd::close);
      LOG.log(System.Logger.Level.WARNING, "a monitor was killed and replaced pid={0}", pid);
      take(other.get(), said.get().b());
      return true;
    } catch (SyscallException e) {
      other.ifPresent(Control::close);
      return false;
    }
  }

  private void take(Control other, int monitor) {
    List<Runnable> told;
    monitorLock.lock();
    try {
      control.close();
      control = other;
      monitorPid = monitor;
      if (released) {
        other.close();
      }
      told = List.copyOf(waiting);
      changed.signalAll();
    } finally {
      monitorLock.unlock();
    }
    told.forEach(each -> Thread.ofVirtual().name("monitor-changed").start(each));
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
    monitorLock.lock();
    try {
      changed.signalAll();
    } finally {
      monitorLock.unlock();
    }
  }

  /** One that cannot be read is none: whoever waits for the end must not wait for ever. */
  private Optional<ExitRecord> recorded() {
    try {
      return record.flatMap(ExitRecord::read);
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.WARNING, "the record of an end cannot be read pid=" + pid, e);
      return Optional.empty();
    }
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
    tell(client::attachTo);
  }

  /** Once more when the monitor was killed and there is another. */
  private void tell(Consumer<Control> message) {
    Control now = control;
    try {
      message.accept(now);
    } catch (SyscallException e) {
      boolean gone = e.is(Errno.EPIPE) || e.is(Errno.ECONNRESET) || e.isClosed();
      if (!gone || !awaitOther(now)) {
        throw e;
      }
      message.accept(control);
    }
  }

  /**
   * The same with one of several terminals, 0: the console, a negative number: the first that
   * nobody has.
   *
   * @param alone whether it must have no other client
   * @return which one it is; nothing when there is none that is free
   */
  public Optional<Integer> attach(Client client, int terminal, boolean alone) {
    if (terminal == 0 && !alone) {
      attach(client);
      return Optional.of(0);
    }
    attachLock.lock();
    try {
      attached.clear();
      tell(monitor -> client.attachTo(monitor, terminal, alone));
      Integer answer = attached.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return Optional.ofNullable(answer).filter(number -> number >= 0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } finally {
      attachLock.unlock();
    }
  }

  private boolean awaitOther(Control than) {
    long left = PATIENCE.toNanos();
    monitorLock.lock();
    try {
      while (control == than && running() && left > 0) {
        left = changed.awaitNanos(left);
      }
      return control != than;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      monitorLock.unlock();
    }
  }

  /** Lets somebody act when there is another monitor, who knows nothing of its clients. */
  public void onOtherMonitor(Runnable action) {
    monitorLock.lock();
    try {
      waiting.add(action);
    } finally {
      monitorLock.unlock();
    }
  }

  /** Takes that back. */
  public void forget(Runnable action) {
    monitorLock.lock();
    try {
      waiting.remove(action);
    } finally {
      monitorLock.unlock();
    }
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
    monitorLock.lock();
    try {
      control.close();
    } finally {
      monitorLock.unlock();
    }
    process.close();
  }
}
