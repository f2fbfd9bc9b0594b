package io.kapsel.api;

import io.kapsel.engine.Checkpoint;
import io.kapsel.engine.CheckpointRequest;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.HealthStatus;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.Stdio;
import io.kapsel.engine.spec.UpdateRequest;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Port;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A container by its id. */
record Handle(Session engine, String id) implements Container {
  private static final long NEXT_LOOK_MILLIS = 50;

  private Answer.Facts facts() {
    return engine.now(new Call.Find(id), Answer.Facts.class);
  }

  private void wait(Call call) throws InterruptedException {
    Answer _ = engine.ask(call, Link.Audience.NOBODY);
  }

  @Override
  public String name() {
    return facts().name();
  }

  @Override
  public ContainerSpec spec() {
    return facts().spec();
  }

  @Override
  public ContainerStatus status() {
    return facts().status();
  }

  @Override
  public Optional<String> address() {
    return facts().joined().stream()
        .flatMap(joined -> joined.endpoints().stream())
        .flatMap(endpoint -> address(endpoint).stream())
        .findFirst();
  }

  private static Optional<String> address(Endpoint endpoint) {
    return endpoint.ipv4().or(endpoint::ipv6).map(it -> it.replaceFirst("/.*", ""));
  }

  @Override
  public OptionalInt publishedPort(int inside) {
    return facts().joined().stream()
        .flatMap(joined -> Port.each(joined.ports()).stream())
        .filter(port -> port.containerPort() == inside && port.protocol().equals("tcp"))
        .mapToInt(Port::hostPort)
        .findFirst();
  }

  @Override
  public void start() {
    engine.now(new Call.Start(id));
  }

  @Override
  public void stop() throws InterruptedException {
    wait(new Call.Stop(id, Optional.empty(), false));
  }

  @Override
  public void stop(Duration patience) throws InterruptedException {
    wait(new Call.Stop(id, Optional.of(patience), false));
  }

  @Override
  public void restart() throws InterruptedException {
    wait(new Call.Stop(id, Optional.empty(), true));
  }

  @Override
  public void signal(int number) {
    engine.now(new Call.Signal(id, number));
  }

  @Override
  public void pause() {
    engine.now(new Call.Pause(id, true));
  }

  @Override
  public void unpause() {
    engine.now(new Call.Pause(id, false));
  }

  @Override
  public Checkpoint checkpoint(CheckpointRequest request) throws InterruptedException {
    Call call = new Call.Checkpoint(id, request);
    return ((Answer.Frozen) engine.ask(call, Link.Audience.NOBODY)).checkpoints().getFirst();
  }

  @Override
  public List<Checkpoint> checkpoints(Optional<Path> directory) {
    return engine.now(new Call.Checkpoints(id, directory), Answer.Frozen.class).checkpoints();
  }

  @Override
  public void start(Checkpoint from, Optional<Path> directory) {
    engine.now(new Call.StartFrom(id, from.name(), directory));
  }

  @Override
  public void rename(String name) {
    engine.now(new Call.Rename(id, name));
  }

  @Override
  public void update(UpdateRequest request, boolean mayStart) throws InterruptedException {
    wait(new Call.Update(id, request, mayStart));
  }

  @Override
  public ExitStatus await() throws InterruptedException {
    return ((Answer.Ended) engine.ask(new Call.Await(id), Link.Audience.NOBODY)).how();
  }

  @Override
  public boolean awaitHealthy(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (status().health().filter(it -> it.state() == HealthStatus.State.HEALTHY).isEmpty()) {
      if (System.nanoTime() >= end) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(NEXT_LOOK_MILLIS);
    }
    return true;
  }

  @Override
  public Output exec(String... command) throws InterruptedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    ExecSpec spec = ExecSpec.of(List.of(command), Stdio.OUTPUT_ONLY);
    ExitStatus ended = exec(spec, Streams.of(out, err));
    return new Output(
        ended.code(), out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Override
  public ExitStatus exec(ExecSpec spec, Streams streams) throws InterruptedException {
    return engine.attached(new Call.Exec(id, spec), streams);
  }

  @Override
  public String log() throws InterruptedException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    log(LogQuery.ALL, piece -> all.writeBytes(piece.bytes()));
    return all.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void log(LogQuery query, Consumer<LogRecord> each) throws InterruptedException {
    Optional<Integer> tail =
        query.tail().isPresent() ? Optional.of(query.tail().getAsInt()) : Optional.empty();
    Call.Log call = new Call.Log(id, tail, query.since(), query.until(), query.follow());
    Answer _ =
        engine.ask(
            call,
            new Link.Audience() {
              @Override
              public void part(Answer part) {
                Answer.Piece piece = (Answer.Piece) part;
                byte[] bytes = Base64.getDecoder().decode(piece.bytes());
                each.accept(new LogRecord(piece.error(), piece.time(), bytes));
              }
            });
  }

  @Override
  public void copyIn(Path local, String path) throws InterruptedException {
    wait(new Call.CopyIn(id, local.toAbsolutePath(), path));
  }

  @Override
  public void copyOut(String path, Path local) throws InterruptedException {
    wait(new Call.CopyOut(id, path, local.toAbsolutePath()));
  }

  @Override
  public void remove() {
    engine.now(new Call.Remove(id));
  }
}
