package io.kapsel.api;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.engine.Container;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Event;
import io.kapsel.engine.Events;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.LogReader;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.Stdio;
import io.kapsel.image.ImageException;
import io.kapsel.image.registry.Client;
import io.kapsel.image.registry.DockerConfig;
import io.kapsel.image.registry.Limits;
import io.kapsel.image.registry.Progress;
import io.kapsel.image.registry.Proxies;
import io.kapsel.image.registry.Registries;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;
import io.kapsel.network.NetworkException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Reference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Does what Java programs ask of an engine, in this process or over its socket. */
public final class Service {
  /** The name that a request is called by, in place of a program's. */
  public static final String NAME = "kapsel-api";

  private static final Duration NEXT_LOOK = Duration.ofSeconds(5);

  private final io.kapsel.engine.Kapsel engine;

  /** On that engine, which stays the caller's. */
  public Service(io.kapsel.engine.Kapsel engine) {
    this.engine = engine;
  }

  /**
   * What was asked, as JSON.
   *
   * @param answer the answer as JSON
   * @param done whether it was done; else the answer tells why not
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  public record Served(byte[] answer, boolean done) {}

  /** Does what is asked in JSON. */
  public Served serve(byte[] asked, Caller caller) throws InterruptedException {
    Answer answer;
    try {
      answer = answer(Json.read(asked, Asked.class).it(), caller);
    } catch (JsonException e) {
      answer = Answer.Failure.of(failed("Invalid", "cannot understand a request: ", e));
    } catch (EngineException e) {
      answer = Answer.Failure.of(e);
    }
    return new Served(written(answer), !(answer instanceof Answer.Failure));
  }

  /** Any answer as JSON. */
  public static byte[] written(Object answer) {
    return Json.write(new Envelope((Answer) answer));
  }

  /** A call with its kind. */
  record Asked(Call it) {}

  /** An answer with its kind. */
  record Envelope(Answer it) {}

  /** All that goes wrong is told as a case of {@link EngineException}, with its own words. */
  Answer answer(Call call, Caller caller) throws InterruptedException {
    try {
      return done(call, caller);
    } catch (InvalidRequestException | InvalidSpecException e) {
      throw failed("Invalid", "", e);
    } catch (ImageException.NotFound | NetworkException.NotFound e) {
      throw failed("NotFound", "", e);
    } catch (ImageException.Conflict | NetworkException.Conflict e) {
      throw failed("Conflict", "", e);
    } catch (ImageException | NetworkException | SyscallException e) {
      throw failed("Failed", "", e);
    }
  }

  private static EngineException failed(String kind, String what, RuntimeException e) {
    return EngineException.told(kind, what + e.getMessage(), 1, e);
  }

  private Answer done(Call call, Caller caller) throws InterruptedException {
    return switch (call) {
      case Call.Hello _ -> new Answer.Done();
      case Call.Pull(String image, List<String> environment) -> pull(image, environment, caller);
      case Call.HasImage(String image) -> new Answer.Truth(engine.images().find(image).isPresent());
      case Call.Create(var spec, boolean start) ->
          facts(start ? engine.run(spec) : engine.create(spec));
      case Call.Find(String reference) -> facts(engine.container(reference));
      case Call.Listed _ ->
          new Answer.Ids(engine.containers().stream().map(Container::id).toList());
      case Call.Start(String id) -> did(() -> engine.container(id).start());
      case Call.Stop it -> stop(engine.container(it.id()), it, caller);
      case Call.Signal(String id, int number) -> did(() -> engine.container(id).signal(number));
      case Call.Pause(String id, boolean on) -> pause(engine.container(id), on);
      case Call.Checkpoint(String id, var request) -> {
        Container container = engine.container(id);
        yield new Answer.Frozen(
            List.of(caller.waiting(() -> container.checkpoints().create(request))));
      }
      case Call.Checkpoints(String id, var directory) ->
          new Answer.Frozen(engine.container(id).checkpoints().list(directory));
      case Call.StartFrom(String id, String name, var directory) ->
          did(() -> engine.container(id).checkpoints().start(name, directory));
      case Call.Rename(String id, String name) -> did(() -> engine.container(id).rename(name));
      case Call.Update(String id, var request, boolean mayStart) -> {
        engine.container(id).update(request, mayStart);
        yield new Answer.Done();
      }
      case Call.Await(String id) -> {
        Container container = engine.container(id);
        yield new Answer.Ended(caller.waiting(container::await));
      }
      case Call.Exec(String id, ExecSpec spec) -> exec(engine.container(id), spec, caller);
      case Call.Foreground(String id) -> foreground(engine.container(id), caller);
      case Call.Log it -> log(it, caller);
      case Call.CopyIn(String id, Path local, String path) ->
          did(() -> engine.container(id).files().copyIn(local, path));
      case Call.CopyOut(String id, String path, Path local) ->
          did(() -> engine.container(id).files().copyOut(path, local));
      case Call.Remove(String id) -> {
        engine.container(id).remove(true, true);
        yield new Answer.Done();
      }
      case Call.CreateVolume(String name, var options, var labels) ->
          new Answer.Kept(List.of(engine.volumes().create(Optional.of(name), options, labels)));
      case Call.Volumes _ -> new Answer.Kept(engine.volumes().list());
      case Call.RemoveVolume(String name) -> did(() -> engine.volumes().remove(name));
      case Call.Listen _ -> listen(caller);
    };
  }

  private static Answer did(Runnable action) {
    action.run();
    return new Answer.Done();
  }

  private Answer facts(Container container) {
    return new Answer.Facts(
        container.id(), container.name(), container.spec(), container.status(), container.joined());
  }

  private static Answer pause(Container container, boolean on) {
    return did(on ? container::pause : container::unpause);
  }

  private static Answer stop(Container container, Call.Stop how, Caller caller)
      throws InterruptedException {
    return caller.waiting(() -> {
      if (how.restart()) {
        container.restart(Optional.empty(), how.patience());
      } else {
        container.stop(Optional.empty(), how.patience());
      }
      return new Answer.Done();
    });
  }

  private static Answer exec(Container container, ExecSpec spec, Caller caller)
      throws InterruptedException {
    io.kapsel.engine.Exec exec = container.exec(spec);
    boolean in = spec.stdio().openStdin();
    return attached(caller, end -> exec.attach(end, in, true, true), exec::start, exec::await);
  }

  private static Answer foreground(Container container, Caller caller) throws InterruptedException {
    Stdio stdio = container.spec().stdio();
    return attached(
        caller,
        end -> container.attach(end, stdio.openStdin(), true, true),
        container::start,
        container::await);
  }

  private static Answer attached(
      Caller caller,
      java.util.function.Consumer<Fd> attach,
      Runnable start,
      Caller.Wait<ExitStatus> end)
      throws InterruptedException {
    UnixStream.Pair pair = UnixStream.pair();
    try (Fd callers = pair.other()) {
      try (Fd monitors = pair.stream().fd()) {
        attach.accept(monitors);
      }
      start.run();
      caller.attach(callers);
    }
    return new Answer.Ended(caller.waiting(end));
  }

  private Answer log(Call.Log asked, Caller caller) throws InterruptedException {
    OptionalInt tail = asked.tail().map(OptionalInt::of).orElse(OptionalInt.empty());
    LogQuery query = new LogQuery(tail, asked.since(), asked.until(), asked.follow());
    try (LogReader reader = engine.container(asked.id()).log(query)) {
      Optional<LogRecord> next = caller.waiting(reader::next);
      while (next.isPresent()) {
        LogRecord it = next.get();
        String bytes = Base64.getEncoder().encodeToString(it.bytes());
        caller.part(new Answer.Piece(it.error(), it.time(), bytes));
        next = caller.waiting(reader::next);
      }
    }
    return new Answer.Done();
  }

  /** The first part says that nothing is missed from now on. */
  private Answer listen(Caller caller) throws InterruptedException {
    Events.Reader reader = engine.events().next();
    caller.part(new Answer.Done());
    while (!reader.ended()) {
      Optional<Event> next = caller.waiting(() -> reader.next(NEXT_LOOK));
      next.ifPresent(event -> caller.part(new Answer.Happened(event)));
    }
    return new Answer.Done();
  }

  private Answer pull(String image, List<String> environment, Caller caller)
      throws InterruptedException {
    Map<String, String> variables = new HashMap<>();
    for (String each : environment) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        variables.put(each.substring(0, equals), each.substring(equals + 1));
      }
    }
    List<Path> directories = new ArrayList<>();
    Optional.ofNullable(variables.get("KAPSEL_REGISTRIES"))
        .map(Path::of)
        .ifPresent(directories::add);
    directories.addAll(Registries.DIRECTORIES);
    Client client =
        new Client(
            new Registries(directories),
            DockerConfig.read(environment),
            new Proxies(variables),
            Limits.USUAL);
    Reference name = Reference.parse(image);
    return caller.waiting(() -> {
      var _ = engine.images().pull(name, Optional.empty(), client, Progress.SILENT);
      return new Answer.Done();
    });
  }
}
