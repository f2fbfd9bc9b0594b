package io.kapsel.cli.front;

import io.kapsel.cli.command.Engine;
import io.kapsel.cli.server.Client;
import io.kapsel.engine.Commit;
import io.kapsel.engine.ContainerCheckpoints;
import io.kapsel.engine.ContainerFiles;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.Devices;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Exec;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.FilesView;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.LogReader;
import io.kapsel.engine.Snapshots;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.UpdateRequest;
import io.kapsel.image.Image;
import io.kapsel.linux.Fd;
import io.kapsel.network.Attachment;
import io.kapsel.network.Joined;
import io.kapsel.runtime.Account;
import io.kapsel.runtime.GroupUsage;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A container of the engine of this process. */
record LiveContainer(io.kapsel.engine.Container container) implements Engine.Container {
  @Override
  public Optional<Joined> joined() {
    return container.joined();
  }

  @Override
  public void connect(Attachment wanted) {
    container.connect(wanted);
  }

  @Override
  public void disconnect(String network) {
    container.disconnect(network);
  }

  @Override
  public String id() {
    return container.id();
  }

  @Override
  public String name() {
    return container.name();
  }

  @Override
  public ContainerSpec spec() {
    return container.spec();
  }

  @Override
  public ContainerStatus status() {
    return container.status();
  }

  @Override
  public void attach(Fd end, boolean stdin, boolean stdout, boolean stderr) {
    container.attach(end, stdin, stdout, stderr);
  }

  @Override
  public void start() {
    container.start();
  }

  @Override
  public int attachTerminal(Fd end, int number, boolean alone) {
    return container.terminals().attach(end, number, alone);
  }

  @Override
  public void onOtherMonitor(Runnable action) {
    container.terminals().onOtherMonitor(action);
  }

  @Override
  public void forget(Runnable action) {
    container.terminals().forget(action);
  }

  @Override
  public void signal(int number) {
    container.signal(number);
  }

  @Override
  public ExitStatus await() throws InterruptedException {
    CompletableFuture<ExitStatus> next = container.nextEnd();
    ContainerStatus now = container.status();
    Optional<ExitStatus> known = now.restarting() ? Optional.empty() : now.exit();
    return known.isPresent() ? known.get() : get(next);
  }

  @Override
  public Client.Wait<ExitStatus> nextEnd() {
    CompletableFuture<ExitStatus> next = container.nextEnd();
    return () -> get(next);
  }

  private static ExitStatus get(CompletableFuture<ExitStatus> end) throws InterruptedException {
    try {
      return end.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public List<String> notices() {
    return container.notices();
  }

  @Override
  public boolean awaitReady(Duration limit) throws InterruptedException {
    return container.awaitReady(limit);
  }

  @Override
  public String initStatus() {
    return container.initStatus();
  }

  @Override
  public void stop(Optional<Integer> signal, Optional<Duration> patience)
      throws InterruptedException {
    container.stop(signal, patience);
  }

  @Override
  public void remove(boolean force, boolean volumes) {
    try {
      container.remove(force, volumes);
    } catch (InterruptedException e) {
      // Only waits are interrupted, and this is none: a removal is not left halfway.
      throw new EngineException.Failed("remove", name(), "interrupted", e);
    }
  }

  @Override
  public void awaitRemoval() throws InterruptedException {
    container.awaitRemoval();
  }

  @Override
  public Optional<Path> logPath() {
    return container.measures().logPath();
  }

  @Override
  public Engine.Log log(LogQuery query) {
    return new LiveLog(container.log(query));
  }

  @Override
  public void export(OutputStream out) {
    container.contents().export(out);
  }

  @Override
  public ContainerFiles files() {
    return container.files();
  }

  @Override
  public Image commit(Commit wanted) {
    return container.contents().commit(wanted);
  }

  @Override
  public FilesView view() {
    return container.contents().view();
  }

  @Override
  public Engine.Running exec(ExecSpec spec) {
    return new LiveExec(container.exec(spec));
  }

  @Override
  public Optional<String> imageId() {
    return container.imageId();
  }

  @Override
  public void restart(Optional<Integer> signal, Optional<Duration> patience)
      throws InterruptedException {
    container.restart(signal, patience);
  }

  @Override
  public void pause() {
    container.pause();
  }

  @Override
  public void unpause() {
    container.unpause();
  }

  @Override
  public List<Account> accounts() {
    return container.measures().accounts();
  }

  @Override
  public void exportWhole(OutputStream out) {
    container.contents().exportWhole(out);
  }

  @Override
  public Devices devices() {
    return container.devices();
  }

  @Override
  public ContainerCheckpoints checkpoints() {
    return container.checkpoints();
  }

  @Override
  public Snapshots snapshots() {
    return container.snapshots();
  }

  @Override
  public void update(UpdateRequest request, boolean mayStart) throws InterruptedException {
    container.update(request, mayStart);
  }

  @Override
  public void rollback(boolean mayStart) throws InterruptedException {
    container.rollback(mayStart);
  }

  @Override
  public Optional<ContainerSpec> specBefore() {
    return container.specBefore();
  }

  @Override
  public List<Integer> processes() {
    return container.measures().processes();
  }

  @Override
  public GroupUsage usage() {
    return container.measures().usage();
  }

  @Override
  public Engine.Sizes sizes() {
    return new Engine.Sizes(container.contents().ownBytes(), container.contents().allBytes());
  }

  private record LiveExec(Exec exec) implements Engine.Running {
    @Override
    public void attach(Fd end, boolean stdin, boolean stdout, boolean stderr) {
      exec.attach(end, stdin, stdout, stderr);
    }

    @Override
    public void start() {
      exec.start();
    }

    @Override
    public void signal(int number) {
      exec.signal(number);
    }

    @Override
    public ExitStatus await() throws InterruptedException {
      return exec.await();
    }

    @Override
    public List<String> notices() {
      return List.of();
    }
  }

  private record LiveLog(LogReader reader) implements Engine.Log {
    @Override
    public Map<String, String> details() {
      return reader.details();
    }

    @Override
    public Optional<LogRecord> next() throws InterruptedException {
      return reader.next();
    }

    @Override
    public void close() {
      reader.close();
    }
  }
}
