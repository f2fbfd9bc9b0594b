package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;
import io.kapsel.oci.Process;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.AsWritten;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.External;
import io.kapsel.runtime.FrozenStreams;
import io.kapsel.runtime.Guest;
import io.kapsel.runtime.GuestRuntime.Begun;
import io.kapsel.runtime.GuestRuntime.Started;
import io.kapsel.runtime.HookRunner;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.Restore;
import io.kapsel.runtime.Stdio;
import io.kapsel.runtime.criu.CriuException;
import io.kapsel.runtime.criu.CriuField;
import io.kapsel.runtime.criu.CriuMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code restore}: brings a container back from files, by CRIU. */
final class RestoreCommand implements Command {
  @Override
  public String name() {
    return "restore";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return "bring a container back from files";
  }

  @Override
  public Arity arity() {
    return Arity.ONE;
  }

  @Override
  public List<Option> options() {
    List<Option> all = new ArrayList<>(CriuOptions.COMMON);
    all.addAll(
        List.of(
            Option.of("bundle, b", "DIR", "the bundle (the working directory)"),
            Option.of("console-socket", "PATH", "where the terminal's other side is sent"),
            Option.toggle("detach, d", "leave when it runs"),
            Option.of("pid-file", "FILE", "where the init's pid is written"),
            Option.toggle("no-subreaper", "has no effect: the monitor is a subreaper"),
            Option.toggle("no-pivot", "has no effect: CRIU enters the root in its own way"),
            Option.toggle("keep", "keep the container when the program has ended"),
            Option.of("lsm-profile", "TYPE:NAME", "the security label it goes on with"),
            Option.of("lsm-mount-context", "CONTEXT", "the label of its mounts")));
    return all;
  }

  @Override
  public int run(Call call) {
    Store.check(call.id());
    if (!call.who().isRoot()) {
      throw new OciException("criu needs root: a container cannot be restored for a user");
    }
    Bundles bundle = Bundles.read(call);
    Process process = bundle.spec().process().orElseThrow();
    boolean detached = call.words().is("detach");
    Optional<String> console = call.words().text("console-socket");
    Terminals.check(process.terminal(), detached, console);
    Container made = call.store().make(call.id());
    try (Foreground foreground = new Foreground(process.terminal() && !detached);
        CriuOptions options =
            new CriuOptions(call, made.directory().resolve("criu.work"), "restore.log")) {
      options.makeDirectories(false);
      return run(call, bundle, made, options, foreground);
    } catch (RuntimeException e) {
      if (call.store().read(call.id()).isEmpty()) {
        made.forget();
      }
      throw e;
    }
  }

  private static int run(
      Call call, Bundles bundle, Container made, CriuOptions options, Foreground foreground) {
    Placing placing = Placing.of(call, bundle.spec());
    Started started;
    try {
      started = restore(call, bundle, made, options, foreground, placing);
    } catch (CriuException e) {
      OciException told = options.failed(e);
      CreateCommand.undo(call, made, placing);
      throw told;
    } catch (LaunchException | SyscallException | OciException e) {
      CreateCommand.undo(call, made, placing);
      throw e;
    }
    Container container;
    try (Fd init = started.process()) {
      container = CreateCommand.keep(call, bundle, bundle.spec(), made, started, placing);
      CreateCommand.announce(call, init, started.pid());
    } catch (RuntimeException e) {
      CreateCommand.end(started);
      CreateCommand.undo(call, made, placing);
      throw e;
    }
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

  private static Started restore(
      Call call,
      Bundles bundle,
      Container made,
      CriuOptions options,
      Foreground foreground,
      Placing placing) {
    boolean detached = call.words().is("detach");
    Process process = bundle.spec().process().orElseThrow();
    Guest guest = new Guest(0, detached, Optional.empty(), Optional.empty());
    Stdio stdio =
        Stdio.of(guest, process.terminal(), call.caller().rows(), call.caller().columns());
    Bundle planned =
        Bundle.written(
            call.id(),
            bundle.spec(),
            new AsWritten(bundle.directory(), placing.place(), true, placing.taking()),
            stdio,
            made.directory(),
            0);
    Path place = made.directory().resolve("criu-root");
    makePlace(place);
    CriuMessage message = message(call, bundle, planned, options, placing);
    String shown = Path.of(call.store().shown()).resolve(call.id()).resolve("criu-root").toString();
    message.text(CriuField.ROOT, call.places().absolute(shown).toString());
    placing.begin(call, planned);
    HookRunner hooks = new HookRunner(planned, call.caller().environment());
    Restore restore =
        new Restore(
            options.program(),
            call.places().absolute(shown).toString(),
            message,
            pid -> options.directories(message, pid),
            (stage, pid, sent) -> {
              if (stage.equals("setup-namespaces")) {
                hooks.create(pid);
              } else if (stage.equals("orphan-pts-master")) {
                sent.ifPresent(master -> giveTerminal(call, master));
              }
            });
    made.keep(bundle.spec().toJson());
    try (Begun launcher = call.runtime().begin(call.caller(), guest.kept())) {
      return call.runtime()
          .restore(
              launcher,
              planned,
              restore,
              detached ? List.of() : foreground.clients(),
              pid ->
                  placing
                      .taking()
                      .ifPresent(it -> Units.start(call, it, planned, Optional.of(pid))));
    }
  }

  private static void makePlace(Path place) {
    try {
      Files.createDirectory(place);
    } catch (IOException e) {
      throw new OciException("mkdir " + place + ": " + AtomicFile.reason(e), e);
    }
  }

  private static CriuMessage message(
      Call call, Bundles bundle, Bundle planned, CriuOptions options, Placing placing) {
    Spec spec = bundle.spec();
    String root = call.places().of(bundle.rootfs()).toString();
    CriuMessage message =
        options.message(
            External.ofImages(planned, call.runtime().facts(), placing.groups(), root),
            spec.annotations());
    message.flag(CriuField.NOTIFY, true).flag(CriuField.SIBLING, true);
    call.words().text("lsm-profile").ifPresent(label -> message.text(CriuField.LABEL, label));
    call.words()
        .text("lsm-mount-context")
        .ifPresent(label -> message.text(CriuField.LABEL_OF_MOUNTS, label));
    FrozenStreams.inherit(message, streams(options.images()));
    return message;
  }

  private static List<String> streams(Path images) {
    try {
      return Json.read(
              Files.readAllBytes(images.resolve(CheckpointCommand.DESCRIPTORS)),
              CheckpointCommand.Streams.class)
          .links();
    } catch (IOException e) {
      throw new OciException(
          "open " + images.resolve(CheckpointCommand.DESCRIPTORS) + ": " + AtomicFile.reason(e), e);
    }
  }

  private static void giveTerminal(Call call, Fd master) {
    call.words()
        .text("console-socket")
        .ifPresent(path -> {
          try (UnixStream socket = UnixStream.connect(call.places().of(path).toString())) {
            socket.send("/dev/ptmx".getBytes(StandardCharsets.UTF_8), master);
          }
        });
  }
}
