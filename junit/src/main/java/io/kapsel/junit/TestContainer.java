package io.kapsel.junit;

import io.kapsel.api.Container;
import io.kapsel.api.Kapsel;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.Healthcheck;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.network.Port;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A container as an annotation describes it.
 *
 * @param test what it is for
 */
record TestContainer(Container container, KapselContainer wanted, String test)
    implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final long PAUSE_MILLIS = 50;
  private static final int RETRIES = 3;

  /** Makes it, with its image if that is missing. */
  static TestContainer make(Kapsel engine, KapselContainer wanted, String test)
      throws InterruptedException {
    RootSource root = RootSource.parse(wanted.image(), Path.of("").toAbsolutePath());
    if (root instanceof RootSource.Image(String reference, _) && !engine.hasImage(reference)) {
      engine.pull(reference);
    }
    return new TestContainer(engine.create(spec(root, wanted)), wanted, test);
  }

  private static ContainerSpec spec(RootSource root, KapselContainer wanted) {
    ContainerSpecBuilder builder =
        new ContainerSpecBuilder(root)
            .command(List.of(wanted.command()))
            .env(List.of(wanted.env()))
            .mounts(mounts(wanted))
            .networks(NetworkRequest.in(NetworkRequest.DEFAULT).publishing(ports(wanted)))
            .labels(Map.of(Leftovers.LABEL, Leftovers.owner()));
    if (wanted.entrypoint().length > 0) {
      builder.entrypoint(List.of(wanted.entrypoint()));
    }
    if (!wanted.health().isEmpty()) {
      builder.health(health(wanted.health()));
    }
    return builder.build();
  }

  private static List<MountRequest> mounts(KapselContainer wanted) {
    Path here = Path.of("").toAbsolutePath();
    return List.of(wanted.volumes()).stream()
        .map(text -> MountRequest.parseVolume(text, here))
        .toList();
  }

  private static List<Port> ports(KapselContainer wanted) {
    return List.of(wanted.ports()).stream().flatMap(text -> Port.parse(text).stream()).toList();
  }

  private static Healthcheck health(String text) {
    Healthcheck.Probe probe =
        Healthcheck.Probe.parse(text)
            .orElseGet(() -> new Healthcheck.Probe.Command(List.of("/bin/sh", "-c", text)));
    return new Healthcheck(
        Optional.of(probe),
        Optional.of(LOOK),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(RETRIES),
        false);
  }

  /** Starts it, and waits until it is what the test needs. */
  void begin() throws InterruptedException {
    container.start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(wanted.timeoutSeconds());
    List<Integer> ports = new ArrayList<>();
    if (wanted.waitForPort() > 0) {
      ports.add(wanted.waitForPort());
    }
    if (container.status().health().isPresent()) {
      Duration left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      awaitHealthy(left);
    } else {
      ports(wanted).stream()
          .filter(port -> port.protocol().equals("tcp"))
          .map(Port::containerPort)
          .forEach(ports::add);
    }
    for (int port : ports) {
      await(() -> answers(port), "its port " + port + " does not answer", end);
    }
    if (!wanted.waitForLog().isEmpty()) {
      Pattern pattern = Pattern.compile(wanted.waitForLog());
      await(
          () -> pattern.matcher(container.log()).find(),
          "'" + wanted.waitForLog() + "' is not in its log",
          end);
    }
  }

  private void awaitHealthy(Duration limit) throws InterruptedException {
    if (!container.awaitHealthy(limit)) {
      throw notReady("it is not healthy after " + wanted.timeoutSeconds() + " s");
    }
  }

  /** Something that may be so. */
  private interface Condition {
    boolean holds() throws InterruptedException;
  }

  private void await(Condition condition, String otherwise, long end) throws InterruptedException {
    while (!condition.holds()) {
      if (container.status().phase() != ContainerStatus.Phase.RUNNING && !condition.holds()) {
        throw notReady(otherwise + ", and it has ended");
      }
      if (System.nanoTime() >= end) {
        throw notReady(otherwise + " after " + wanted.timeoutSeconds() + " s");
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }

  private boolean answers(int port) {
    Optional<String> address = container.address();
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(address.orElse("127.0.0.1"), port), (int) LOOK.toMillis());
      return address.isPresent();
    } catch (IOException _) {
      return false;
    }
  }

  private NotReadyException notReady(String reason) throws InterruptedException {
    return new NotReadyException(container.name() + " of " + test, reason, container.log());
  }

  @Override
  public void close() {
    try {
      container.remove();
    } catch (EngineException.NotFound _) {
      // the test has removed it
    }
  }
}
