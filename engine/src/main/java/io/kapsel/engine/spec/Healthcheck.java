package io.kapsel.engine.spec;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How it is found out whether a container works, besides that it runs. What is absent is as the
 * image says, or else as Docker has it.
 *
 * @param interval the pause between two looks
 * @param timeout how long a look may take
 * @param startPeriod how long failures do not count after a start
 * @param startInterval the pause between two looks during that time
 * @param retries how many failures in a row make it unhealthy
 * @param restart whether it is started anew when it is unhealthy
 */
public record Healthcheck(
    Optional<Probe> probe,
    Optional<Duration> interval,
    Optional<Duration> timeout,
    Optional<Duration> startPeriod,
    Optional<Duration> startInterval,
    Optional<Integer> retries,
    boolean restart) {
  /** The usual interval, and the usual timeout. */
  public static final Duration USUAL = Duration.ofSeconds(30);

  /** The usual pause while it starts. */
  public static final Duration USUAL_START_INTERVAL = Duration.ofSeconds(5);

  /** How many failures in a row are usual. */
  public static final int USUAL_RETRIES = 3;

  private static final Duration LEAST = Duration.ofMillis(1);

  /** What is looked at. */
  public sealed interface Probe {
    /** Nothing, also where the image says otherwise. */
    record None() implements Probe {}

    /** A program in the container, which exits with 0 when all is well. */
    record Command(List<String> words) implements Probe {
      /** Checks that there is one. */
      public Command {
        words = List.copyOf(words);
        InvalidRequestException.unless(!words.isEmpty(), "a health check without a command");
      }
    }

    /** Something that listens in the container's network. */
    record Tcp(int port) implements Probe {
      /** Checks the number. */
      public Tcp {
        InvalidRequestException.unless(
            port > 0 && port <= LAST_PORT, "'%s' is not a port of a health check", port);
      }
    }

    /** A web server in the container's network that answers with a code below 400. */
    record Http(int port, String path) implements Probe {
      /** Checks both. */
      public Http {
        InvalidRequestException.unless(
            port > 0 && port <= LAST_PORT, "'%s' is not a port of a health check", port);
        InvalidRequestException.unless(
            path.startsWith("/") && path.chars().noneMatch(c -> c <= ' '),
            "'%s' is not a path of a health check",
            path);
      }
    }

    /** The highest port. */
    int LAST_PORT = 0xffff;

    /** Reads {@code tcp:PORT}, {@code http:PORT[/PATH]}, {@code http://localhost[:PORT]/PATH}. */
    static Optional<Probe> parse(String text) {
      try {
        if (text.matches("tcp:\\d{1,5}")) {
          return Optional.of(new Tcp(Integer.parseInt(text.substring("tcp:".length()))));
        }
        if (text.matches("http:\\d{1,5}(/\\S*)?")) {
          String rest = text.substring("http:".length());
          int slash = rest.indexOf('/');
          return Optional.of(
              new Http(
                  Integer.parseInt(slash < 0 ? rest : rest.substring(0, slash)),
                  slash < 0 ? "/" : rest.substring(slash)));
        }
        return text.matches("http://(localhost|127\\.0\\.0\\.1)(:\\d+)?(/\\S*)?")
            ? Optional.of(http(new URI(text)))
            : Optional.empty();
      } catch (URISyntaxException e) {
        throw new InvalidRequestException("'" + text + "' is not an address of a health check");
      }
    }

    private static Http http(URI address) {
      String path = address.getRawPath();
      String query = address.getRawQuery() == null ? "" : "?" + address.getRawQuery();
      return new Http(
          address.getPort() < 0 ? 80 : address.getPort(), (path.isEmpty() ? "/" : path) + query);
    }
  }

  /** Checks each part. */
  public Healthcheck {
    for (Optional<Duration> each : List.of(interval, timeout, startInterval)) {
      InvalidRequestException.unless(
          each.filter(it -> it.compareTo(LEAST) < 0).isEmpty(),
          "a time of a health check is less than one millisecond");
    }
    InvalidRequestException.unless(
        startPeriod.filter(Duration::isNegative).isEmpty(),
        "a start period of a health check is negative");
    InvalidRequestException.unless(
        retries.filter(it -> it <= 0).isEmpty(),
        "a health check needs a positive number of retries");
  }

  /** With the usual times. */
  public static Healthcheck of(Probe probe) {
    return new Healthcheck(
        Optional.of(probe),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false);
  }

  /** What is not said here is as {@code other} says. */
  public Healthcheck or(Healthcheck other) {
    return new Healthcheck(
        probe.or(other::probe),
        interval.or(other::interval),
        timeout.or(other::timeout),
        startPeriod.or(other::startPeriod),
        startInterval.or(other::startInterval),
        retries.or(other::retries),
        restart || other.restart);
  }

  /** Whether there is anything to look at. */
  public boolean looks() {
    return probe.filter(it -> !(it instanceof Probe.None)).isPresent();
  }
}
