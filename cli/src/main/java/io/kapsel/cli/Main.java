package io.kapsel.cli;

import io.kapsel.base.GoDuration;
import io.kapsel.cli.config.Configuration;
import io.kapsel.cli.config.LiveConfiguration;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.UsageException;
import io.kapsel.cli.front.Fronts;
import io.kapsel.cli.front.KapselFront;
import io.kapsel.cli.front.LiveEngine;
import io.kapsel.cli.front.UserFront;
import io.kapsel.cli.log.StderrLoggers;
import io.kapsel.cli.print.FlagHelp;
import io.kapsel.cli.server.Front;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Shutdown;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.host.Authority;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.runtime.GuestRuntime;
import io.kapsel.runtime.LaunchException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** {@code kapseld}: an engine and its socket. The only place that wires the two. */
public final class Main {
  private static final System.Logger LOG = System.getLogger(Main.class.getName());
  private static final int USAGE = 125;
  private static final Duration PATIENCE = Duration.ofSeconds(12);

  private static final Duration REAPER_PATIENCE = Duration.ofSeconds(3);

  /** There is one engine for each user and user namespace, and it keeps nothing in memory. */
  private static final Duration USERS_IDLE = Duration.ofMinutes(10);

  private static final Flag<Path> RUN =
      Flag.of("run", "dir", "What does not outlive a reboot (default /run/kapsel)", Path::of);
  private static final Flag<Path> STATE =
      Flag.of("state", "dir", "What outlives a reboot (default /var/lib/kapsel)", Path::of);
  private static final Flag<Duration> IDLE_EXIT =
      Flag.of(
          "idle-exit",
          "duration",
          "Exit when nothing was asked for that long; containers go on (default never)",
          GoDuration::parse);
  private static final Flag<Boolean> SHUTDOWN =
      Flag.toggle("shutdown", "Serve nobody: stop all containers, and end");
  private static final FlagSet FLAGS = FlagSet.of(RUN, STATE, IDLE_EXIT, SHUTDOWN);

  /** Those who have waited for the same get their answers. */
  private static final Duration GRACE = Duration.ofMillis(500);

  private Main() {}

  /** Runs until SIGTERM or until idle; containers go on in either case. */
  public static void main(String[] words) {
    System.exit(run(List.of(words), System.getenv(), System.out, System.err));
  }

  static int run(
      List<String> words, Map<String, String> environment, PrintStream out, PrintStream err) {
    try {
      Arguments arguments = FLAGS.parse(words);
      if (arguments.is(FlagSet.HELP)) {
        out.print(help());
        return 0;
      }
      if (!arguments.operands().isEmpty()) {
        throw new UsageException("unexpected argument: " + arguments.operands().getFirst());
      }
      return arguments.is(SHUTDOWN)
          ? shutDown(arguments, environment, err)
          : serve(arguments, environment);
    } catch (UsageException e) {
      err.print("kapseld: " + e.getMessage() + "\nSee 'kapseld --help'\n");
      return USAGE;
    } catch (EngineException
        | SyscallException
        | UncheckedIOException
        | IllegalArgumentException e) {
      err.print("cannot start the engine: " + e.getMessage() + "\n");
      return USAGE;
    }
  }

  private static String help() {
    return "Usage:  kapseld [OPTIONS]\n\nThe engine of Kapsel\n\nOptions:\n"
        + FlagHelp.text(FLAGS.flags());
  }

  private static Path run(Arguments arguments, Map<String, String> environment) {
    return place(arguments, RUN, environment.get("KAPSEL_RUN"), "/run/kapsel");
  }

  private static Path state(Arguments arguments, Map<String, String> environment) {
    return place(arguments, STATE, environment.get("KAPSEL_STATE"), "/var/lib/kapsel");
  }

  private static int shutDown(
      Arguments arguments, Map<String, String> environment, PrintStream err) {
    Configuration configuration = Configuration.read(environment);
    StderrLoggers.least(configuration.logLevel());
    Path run = run(arguments, environment).toAbsolutePath();
    Path state = state(arguments, environment).toAbsolutePath();
    try {
      List<EngineException> failures = Shutdown.of(configuration.engine(state, run));
      failures.forEach(each -> err.print("kapsel: " + each.getMessage() + "\n"));
      return failures.isEmpty() ? 0 : 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  private static int serve(Arguments arguments, Map<String, String> environment) {
    Path run = run(arguments, environment);
    Path state = state(arguments, environment);
    Configuration configuration = Configuration.read(environment);
    StderrLoggers.least(configuration.logLevel());
    Optional<Duration> idle = arguments.last(IDLE_EXIT).or(configuration::idleExit);
    HostFacts facts = HostFacts.probe();
    Setup setup = new Setup(configuration, environment, idle, new ServiceManager(environment));
    if (facts.authority().isRoot()) {
      serveAll(state, run, setup);
    } else {
      serveUser(facts, run, state, setup);
    }
    return 0;
  }

  private record Setup(
      Configuration configuration,
      Map<String, String> environment,
      Optional<Duration> idle,
      ServiceManager manager) {
    Daemon daemon(Path run, Front front) {
      return manager
          .listener()
          .map(listener -> Daemon.at(listener, run, front))
          .orElseGet(() -> Daemon.open(run, front, configuration.group()));
    }
  }

  private static void serveAll(Path state, Path run, Setup setup) {
    // Both are closed by the hook, and in order: nobody may be served by a closed engine.
    ServiceManager manager = setup.manager();
    LiveEngine engine =
        LiveEngine.open(setup.configuration().engine(state.toAbsolutePath(), run.toAbsolutePath()));
    LiveConfiguration live =
        new LiveConfiguration(
            setup.configuration(), setup.environment(), next -> obey(next, manager));
    KapselFront front = new KapselFront(engine, Clock.systemUTC(), live);
    Optional<MetricsServer> metrics = metrics(setup, engine);
    Daemon daemon = setup.daemon(run, new Fronts(front, engine));
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  metrics.ifPresent(MetricsServer::close);
                  end(daemon, engine, manager);
                },
                "kapsel-end"));
    engine.shutdown().then(daemon::close);
    Optional<Duration> idle = setup.idle();
    idle.ifPresent(limit -> daemon.whenIdle(limit, engine::dispensable, Main::exit));
    Reaper.other()
        .ifPresent(reaper ->
            daemon.whenIdle(
                REAPER_PATIENCE, () -> reaper.waits() && engine.dispensable(), Main::exit));
    serve(daemon, manager);
    if (engine.shutdown().begun()) {
      LOG.log(Level.INFO, "everything was stopped");
      LockSupport.parkNanos(GRACE.toNanos());
    }
  }

  /** Before anybody is served: an engine that cannot do what is configured does not start. */
  private static Optional<MetricsServer> metrics(Setup setup, LiveEngine engine) {
    try {
      return setup.configuration().metrics().map(at -> MetricsServer.open(at, engine::metrics));
    } catch (UncheckedIOException e) {
      engine.close();
      throw e;
    }
  }

  private static void serve(Daemon daemon, ServiceManager manager) {
    manager.watch();
    manager.ready();
    daemon.serve();
  }

  private static void drain(Daemon daemon, ServiceManager manager) {
    manager.stopping();
    daemon.drain(PATIENCE);
  }

  private static void obey(Configuration next, ServiceManager manager) {
    manager.reloading();
    StderrLoggers.least(next.logLevel());
    manager.ready();
  }

  /**
   * The engine of a user makes containers for those who call an OCI runtime. Root of a user
   * namespace may have control groups, and then everything.
   */
  private static void serveUser(HostFacts facts, Path run, Path state, Setup setup) {
    if (facts.authority().kind() == Authority.Kind.NAMESPACE_ROOT) {
      try {
        serveAll(state, run, setup);
        return;
      } catch (EngineException | LaunchException e) {
        LOG.log(Level.INFO, "for OCI bundles alone: {0}", String.valueOf(e.getMessage()));
      }
    }
    Daemon daemon = setup.daemon(run, new Fronts(new UserFront(), GuestRuntime.of(facts)));
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> drain(daemon, setup.manager()), "kapsel-end"));
    daemon.whenIdle(setup.idle().orElse(USERS_IDLE), () -> true, Main::exit);
    serve(daemon, setup.manager());
  }

  private static Path place(
      Arguments arguments,
      Flag<Path> flag,
      @org.jspecify.annotations.Nullable String variable,
      String usual) {
    return arguments.last(flag).orElseGet(() -> Path.of(variable == null ? usual : variable));
  }

  private static void end(Daemon daemon, LiveEngine engine, ServiceManager manager) {
    drain(daemon, manager);
    engine.close();
    LOG.log(Level.INFO, "ended; containers that run go on");
  }

  private static void exit() {
    LOG.log(Level.INFO, "idle: nobody has asked for anything for a while");
    // Not on the timer's thread: the hook of the exit waits for the server, which may need it.
    Thread.ofPlatform().name("kapsel-exit").start(() -> System.exit(0));
  }
}
