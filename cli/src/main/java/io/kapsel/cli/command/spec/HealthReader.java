package io.kapsel.cli.command.spec;

import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.engine.spec.Healthcheck;
import io.kapsel.engine.spec.InvalidRequestException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The flags of health checks. */
final class HealthReader {
  private static final int MOST_RETRIES = 1_000_000;

  private HealthReader() {}

  /** What they say; nothing when there are none. */
  static Optional<Healthcheck> read(Arguments arguments) {
    boolean said =
        Stream.of(
                RunFlags.HEALTH_COMMAND,
                RunFlags.HEALTH_INTERVAL,
                RunFlags.HEALTH_TIMEOUT,
                RunFlags.HEALTH_START_PERIOD,
                RunFlags.HEALTH_START_INTERVAL,
                RunFlags.HEALTH_RETRIES,
                RunFlags.HEALTH_ACTION)
            .anyMatch(arguments::has);
    if (arguments.is(RunFlags.NO_HEALTH)) {
      if (said) {
        throw new InvalidRequestException("--no-healthcheck conflicts with --health-* options");
      }
      return Optional.of(Healthcheck.of(new Healthcheck.Probe.None()));
    }
    return said ? Optional.of(check(arguments)) : Optional.empty();
  }

  private static Healthcheck check(Arguments arguments) {
    return new Healthcheck(
        arguments
            .last(RunFlags.HEALTH_COMMAND)
            .filter(it -> !it.isEmpty())
            .map(HealthReader::probe),
        time(arguments, RunFlags.HEALTH_INTERVAL),
        time(arguments, RunFlags.HEALTH_TIMEOUT),
        time(arguments, RunFlags.HEALTH_START_PERIOD),
        time(arguments, RunFlags.HEALTH_START_INTERVAL),
        arguments
            .last(RunFlags.HEALTH_RETRIES)
            .filter(it -> it != 0)
            .map(it -> (int) Math.min(it, MOST_RETRIES)),
        arguments.last(RunFlags.HEALTH_ACTION).filter(HealthReader::restarts).isPresent());
  }

  /** Zero stands for what is usual, as in Docker. */
  private static Optional<Duration> time(Arguments arguments, Flag<Duration> flag) {
    return arguments.last(flag).filter(it -> !it.isZero());
  }

  private static Healthcheck.Probe probe(String text) {
    return Healthcheck.Probe.parse(text)
        .orElseGet(() -> new Healthcheck.Probe.Command(List.of("/bin/sh", "-c", text)));
  }

  private static boolean restarts(String action) {
    if (!action.equals("restart") && !action.equals("none")) {
      throw new InvalidRequestException(
          "'" + action + "' is not an action of --health-on-unhealthy; use none or restart");
    }
    return action.equals("restart");
  }
}
