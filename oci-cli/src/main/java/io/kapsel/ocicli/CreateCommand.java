package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.JsonException;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.Pidfd;
import io.kapsel.linux.socket.UnixDatagrams;
import io.kapsel.linux.socket.UnixStream;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.Process;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.AsWritten;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.Guest;
import io.kapsel.runtime.GuestRuntime.Begun;
import io.kapsel.runtime.GuestRuntime.Started;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.Stdio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;

/** {@code create} and {@code run}: makes a container of a bundle. */
final class CreateCommand implements Command {
  /** The two differ in when the program runs. */
  enum Kind {
    CREATE,
    RUN
  }

  private static final int KILL = 9;
  private static final List<Option> CREATE =
      List.of(
          Option.of("bundle, b", "DIR", "the bundle (the working directory)"),
          Option.of("config, f", "FILE", "the configuration in it (config.json)"),
          Option.of("console-socket", "PATH", "where the terminal's other side is sent"),
          Option.of("pidfd-socket", "PATH", "where the init's pidfd is sent"),
          Option.of("pid-file", "FILE", "where the init's pid is written"),
          Option.toggle("no-pivot", "has no effect: pivot_root works on any root here"),
          Option.toggle("no-new-keyring", "keep the session keyring of the caller"),
          Option.of("preserve-fds", "N", "pass N more descriptors to the program"));
  private static final List<Option> RUN =
      List.of(
          Option.toggle("detach, d", "leave when the program runs"),
          Option.toggle("keep", "keep the container when the program has ended"),
          Option.toggle("no-subreaper", "has no effect: the monitor is a subreaper"));

  private final Kind kind;

  CreateCommand(Kind kind) {
    this.kind = kind;
  }

  @Override
  public String name() {
    return kind == Kind.CREATE ? "create" : "run";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return kind == Kind.CREATE ? "make a container of a bundle" : "make a container and start it";
  }

  @Override
  public List<Option> options() {
    List<Option> all = new ArrayList<>(CREATE);
    if (kind == Kind.RUN) {
      all.addAll(RUN);
    }
    return all;
  }

  @Override
  public Arity arity() {
    return Arity.ONE;
  }

  @Override
  public int run(Call call) {
    try {
      return make(call);
    } catch (LaunchException | SyscallException | InvalidSpecException | JsonException e) {
      throw new OciException(failed() + e.getMessage(), e);
    } catch (OciException e) {
      throw new OciException(e.exitCode(), failed() + e.text(), e);
    }
  }

  private String failed() {
    return "runc " + name() + " failed: ";
  }

  private int make(Call call) {
    Store.check(call.id());
    Bundles bundle = Bundles.read(call);
    Process process = bundle.spec().process().orElseThrow();
    boolean detached = kind == Kind.CREATE || call.words().is("detach");
    Optional<String> console = call.words().text("console-socket");
    Terminals.check(process.terminal(), detached, console);
    int kept = Inherited.count(call);
    try (Begun launcher = call.runtime().begin(call.caller(), kept);
        Foreground foreground = new Foreground(process.terminal() && !detached)) {
      Container container = call.store().make(call.id());
      Guest guest =
          new Guest(
              kept,
              detached,
              kind == Kind.CREATE ? Optional.of(container.barrier()) : Optional.empty(),
              console.map(each -> bundle.directory().resolve(each).toString()));
      return orForgotten(
          call, container, () -> run(call, bundle, container, guest, foreground, launcher));
    }
  }

  private static int orForgotten(Call call, Container made, IntSupplier running) {
    try {
      return running.getAsInt();
    } catch (RuntimeException e) {
      if (call.store().read(call.id()).isEmpty()) {
        made.forget(); // it never came to be
      }
      throw e;
    }
  }

  private int run(
      Call call,
      Bundles bundle,
      Container made,
      Guest guest,
      Foreground foreground,
      Begun launcher) {
    Process process = Inherited.adjust(call, bundle.spec().process().orElseThrow());
    Optional<Notify> notify = Notify.of(call, made);
    Spec adjusted = Bundles.withProcess(bundle.spec(), process);
    Spec spec = notify.map(each -> each.shown(adjusted)).orElse(adjusted);
    Placing placing = Placing.of(call, spec);
    check(made, new Groups(placing.groups()));
    Optional<UnixDatagrams> ready = kind == Kind.RUN ? notify.map(Notify::bind) : Optional.empty();
    Started started;
    try {
      Bundle planned = bundle(call, bundle, spec, made, guest, placing);
      placing.begin(call, planned);
      started =
          call.runtime()
              .launch(
                  launcher,
                  planned,
                  guest.detached() ? List.of() : foreground.clients(),
                  pid ->
                      placing
                          .taking()
                          .ifPresent(it -> Units.start(call, it, planned, Optional.of(pid))),
                  () -> made.keep(bundle.text(spec)));
    } catch (LaunchException | SyscallException e) {
      undo(call, made, placing);
      if (!guest.detached() && Failures.isTheProgramsOwn(e)) {
        call.caller().err(Failures.reason(process, e) + "\n");
        return Failures.NOT_RUN;
      }
      throw new OciException(Failures.text("unable to start container process", process, e), e);
    } catch (RuntimeException e) {
      undo(call, made, placing);
      throw e;
    }
    Container container;
    try (Fd init = started.process()) {
      container = keep(call, bundle, spec, made, started, placing);
      announce(call, init, started.pid());
    } catch (RuntimeException e) {
      end(started);
      undo(call, made, placing);
      throw e;
    }
    started.notices().forEach(call.log()::warn);
    new Trace(call.log(), started).created(spec);
    ready.ifPresent(socket ->
        notify.orElseThrow().await(call, container, socket, started.attended().isPresent()));
    Optional<ContainerProcess> attended = started.attended();
    if (attended.isEmpty()) {
      return 0;
    }
    int code = foreground.await(call.caller(), attended.get());
    if (!call.words().is("keep")) {
      DeleteCommand.destroy(call, container);
    }
    return code;
  }

  /** What runs there is another's, and stays as it is. */
  private static void check(Container made, Groups groups) {
    if (groups.frozen()) {
      made.forget();
      throw new OciException("container's cgroup unexpectedly frozen");
    }
    int others = groups.processes().size();
    if (others > 0) {
      made.forget();
      throw new OciException("container's cgroup is not empty: " + others + " process(es) found");
    }
  }

  private static Bundle bundle(
      Call call, Bundles bundle, Spec spec, Container container, Guest guest, Placing placing) {
    Process process = spec.process().orElseThrow();
    return call.runtime()
        .bundle(
            call.id(),
            spec,
            new AsWritten(
                bundle.directory(),
                placing.place(),
                !call.words().is("no-new-keyring"),
                placing.taking()),
            Stdio.of(
                guest,
                process.terminal(),
                process.consoleSize().map(Process.ConsoleSize::height).orElse(call.caller().rows()),
                process
                    .consoleSize()
                    .map(Process.ConsoleSize::width)
                    .orElse(call.caller().columns())),
            container.directory());
  }

  static Container keep(
      Call call, Bundles bundle, Spec spec, Container made, Started started, Placing placing) {
    return made.with(
        new Kept(
            Kept.SCHEMA,
            spec.ociVersion(),
            call.id(),
            started.pid(),
            ProcessFacts.started(started.pid()),
            ProcessFacts.bootId(),
            bundle.directory().toString(),
            bundle.rootfs().toString(),
            Instant.now().toString(),
            "",
            spec.annotations(),
            placing.groups(),
            placing.unit()));
  }

  /** Whoever waits for the pid finds the whole of it, or no file. */
  static void announce(Call call, Fd init, int pid) {
    call.words()
        .text("pidfd-socket")
        .ifPresent(path -> {
          try (UnixStream socket = UnixStream.connect(call.places().of(path).toString())) {
            socket.send("pidfd".getBytes(StandardCharsets.UTF_8), init);
          }
        });
    call.words().text("pid-file").ifPresent(file -> write(call.places().of(file), pid));
  }

  private static void write(Path file, int pid) {
    Path temporary = file.resolveSibling("." + file.getFileName());
    try {
      Files.writeString(temporary, Integer.toString(pid), StandardCharsets.UTF_8);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new OciException("open " + file + ": " + AtomicFile.reason(e), e);
    }
  }

  static void end(Started started) {
    started.attended().ifPresent(process -> process.signal(KILL));
    try (Pidfd process = Pidfd.open(started.pid())) {
      process.signal(KILL);
    } catch (SyscallException e) {
      // it has ended by itself
    }
  }

  static void undo(Call call, Container made, Placing placing) {
    Groups groups = new Groups(placing.groups());
    groups.signal(KILL);
    placing.unit().ifPresent(unit -> Units.stop(call, unit));
    groups.remove();
    made.forget();
  }
}
