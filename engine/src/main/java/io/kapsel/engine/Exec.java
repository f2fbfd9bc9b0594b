package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.system.SystemProfile;
import io.kapsel.linux.Fd;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.oci.Capabilities;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Process;
import io.kapsel.oci.User;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.Client;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.ExitRecord;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.RootFilesystem;
import io.kapsel.runtime.RootFilesystem.Lower;
import io.kapsel.runtime.Stdio;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One more program in a running container. */
public final class Exec {
  /** The kernel ends all others before the first process has ended. */
  private static final Duration DYING = Duration.ofMillis(500);

  private final Kapsel engine;
  private final Container owner;
  private final Stopping stopping;
  private final String container;
  private final ContainerProcess target;
  private final Bundle bundle;
  private final ExecSpec spec;
  private final ContainerSpec made;
  private final List<Client> waiting = new ArrayList<>();
  private Optional<ContainerProcess> process = Optional.empty();

  Exec(
      Kapsel engine,
      Container owner,
      Stopping stopping,
      ContainerProcess target,
      Bundle bundle,
      ExecSpec spec) {
    this.engine = engine;
    this.owner = owner;
    this.stopping = stopping;
    this.container = owner.name();
    this.target = target;
    this.bundle = bundle;
    this.spec = spec;
    this.made = owner.spec();
  }

  /** Lets a client be the program's standard streams; before {@link #start}. */
  public void attach(Fd stream, boolean in, boolean out, boolean err) {
    waiting.add(new Client(stream.duplicate(), in, out, err));
  }

  /** Starts it; returns when it was executed. */
  public void start() {
    io.kapsel.engine.spec.Stdio stdio = spec.stdio();
    if (spec.rules().context().isPresent() && !engine.facts().seLinux()) {
      throw new EngineException.Refused(
          "exec in", container, "SELinux is not enabled on this host, but a context was asked for");
    }
    try {
      process =
          Optional.of(
              engine.runtime.exec(
                  target,
                  bundle(),
                  program(),
                  !spec.rules().unlimited(),
                  new Stdio(
                      stdio.terminal(),
                      stdio.openStdin(),
                      stdio.stdinOnce(),
                      stdio.rows(),
                      stdio.columns()),
                  waiting));
      owner.publish("exec_start: " + String.join(" ", spec.command()), Map.of());
    } catch (LaunchException e) {
      if (e.kind() == LaunchException.Kind.FAILED && target.endsWithin(DYING)) {
        throw stopping.ended("exec in");
      }
      throw Refusals.failure("exec in", container, e);
    } finally {
      waiting.forEach(client -> client.stream().close());
      waiting.clear();
    }
  }

  private Bundle bundle() {
    return spec.rules()
        .narrow()
        .map(narrow -> new Linux.Personality(narrow ? "LINUX32" : "LINUX", List.of()))
        .map(other ->
            bundle.with(
                bundle
                    .spec()
                    .withLinux(bundle.spec().linux().map(it -> it.withPersonality(other)))))
        .orElse(bundle);
  }

  private Process program() {
    Process base = bundle.spec().process().orElseThrow();
    User user = base.user();
    Optional<String> home = Optional.empty();
    if (spec.user().isPresent()) {
      Users.Account account = account();
      user =
          new User(
              account.uid(), account.gid(), Optional.empty(), account.groups(), Optional.empty());
      home = Optional.of(account.home());
    }
    return new Process(
        spec.stdio().terminal(),
        Optional.empty(),
        user,
        spec.command(),
        environment(base, home),
        spec.workingDirectory().orElse(base.cwd()),
        Optional.of(capabilities(base, user)),
        base.rlimits(),
        base.noNewPrivileges(),
        base.apparmorProfile().filter(_ -> !spec.rules().unconfined()),
        base.oomScoreAdj(),
        Optional.empty(),
        spec.rules()
            .context()
            .or(() -> base.selinuxLabel().filter(_ -> !spec.rules().unconfined())),
        Optional.empty(),
        Optional.empty());
  }

  private Users.Account account() {
    try {
      return Users.in(layers()).find(spec.user(), List.of());
    } catch (Refusals.CompileException e) {
      throw new EngineException.LaunchFailed(
          container,
          String.valueOf(e.getMessage()),
          EngineException.LaunchFailed.NOT_EXECUTABLE,
          e);
    }
  }

  private List<Path> layers() {
    return switch (bundle.root()) {
      case RootFilesystem.Overlay(List<Lower> lowers, Path layer, _) -> {
        List<Path> all = new ArrayList<>(List.of(layer.resolve("upper")));
        lowers.forEach(each -> all.add(each.path()));
        yield all;
      }
      case RootFilesystem.Directory(Path path) -> List.of(path);
    };
  }

  private List<String> environment(Process base, Optional<String> home) {
    Map<String, String> all = new LinkedHashMap<>();
    List<String> given =
        new ArrayList<>(made.isSystem() ? SystemProfile.environmentOfJoining() : base.env());
    home.ifPresent(path -> given.add("HOME=" + path));
    if (spec.stdio().terminal()) {
      given.add("TERM=xterm");
    }
    given.addAll(spec.env());
    for (String variable : given) {
      int equals = variable.indexOf('=');
      all.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    return all.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue()).toList();
  }

  private Capabilities capabilities(Process base, User user) {
    List<String> bounding =
        spec.privileged() || made.privileged()
            ? CapabilitySet.ALL.upTo(engine.facts().lastCapability()).labels()
            : base.capabilities().orElse(Capabilities.none()).bounding();
    List<String> held = user.uid() == 0 ? bounding : List.of();
    return new Capabilities(bounding, held, List.of(), held, List.of());
  }

  /** Sends a signal to it. */
  public void signal(int number) {
    process.ifPresent(each -> each.signal(number));
  }

  /** Ends it, and what it has started. */
  void kill() {
    process.ifPresent(each -> each.signalGroup(Stopping.KILL));
  }

  /** Waits for its end. */
  public ExitStatus await() throws InterruptedException {
    try {
      return status(started().end().get());
    } catch (ExecutionException e) {
      throw lost(e);
    } finally {
      started().close();
    }
  }

  /** The same; nothing when it has not ended by then, and it goes on. */
  Optional<ExitStatus> await(Duration limit) throws InterruptedException {
    try {
      ExitStatus ended = status(started().end().get(limit.toMillis() + 1, TimeUnit.MILLISECONDS));
      started().close();
      return Optional.of(ended);
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      started().close();
      throw lost(e);
    }
  }

  private ContainerProcess started() {
    return process.orElseThrow(
        () -> new EngineException.Conflict("wait for", container, "it was not started"));
  }

  private ExitStatus status(ExitRecord record) {
    ExitStatus status = ExitStatus.of(record, false);
    owner.publish("exec_die", Map.of("exitCode", Integer.toString(status.code())));
    return status;
  }

  private EngineException lost(ExecutionException e) {
    return new EngineException.Failed("wait for", container, String.valueOf(e.getMessage()), e);
  }
}
