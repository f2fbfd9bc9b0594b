package io.kapsel.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import io.kapsel.linux.socket.SocketKind;
import io.kapsel.linux.socket.UnixListener;
import io.kapsel.linux.socket.UnixStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server against a client that keeps to wire.md, and against some that do not. */
@Timeout(30)
class RequestServerTest {
  private static final RequestServer.Limits TIGHT =
      new RequestServer.Limits(3, 100_000, Duration.ofMillis(400));

  @TempDir Path directory;

  private final BlockingQueue<Request> requests = new ArrayBlockingQueue<>(16);
  private final BlockingQueue<ClientLeft> departures = new ArrayBlockingQueue<>(16);
  private final BlockingQueue<Integer> signals = new ArrayBlockingQueue<>(16);
  private final CountDownLatch release = new CountDownLatch(1);
  private volatile boolean admitting = true;
  private RequestServer server;

  @BeforeEach
  void serve() {
    UnixListener listener =
        UnixListener.bind(directory.resolve("s").toString(), SocketKind.STREAM, 0600);
    server = new RequestServer(listener, this::front, _ -> admitting, TIGHT);
    Thread.ofVirtual().start(server::run);
  }

  @AfterEach
  void stop() {
    release.countDown();
    server.drain(Duration.ofSeconds(5));
  }

  /** A front whose only words are what a test needs. */
  private int front(Request request, Client client) {
    requests.add(request);
    switch (request.argv().getLast()) {
      case "hello" -> {
        client.out("to out\n");
        client.err("to err\n");
        return 7;
      }
      case "much" -> {
        client.out("x".repeat(200_000));
        return 0;
      }
      case "wait" -> {
        return waiting(client);
      }
      case "work" -> {
        release(client);
        return 0;
      }
      case "attach" -> {
        UnixStream.Pair pair = UnixStream.pair();
        client.attach(new Client.Relay(true, true, false, true), pair.other(), signals::add);
        pair.other().close();
        pair.stream().write("hi".getBytes(StandardCharsets.UTF_8));
        pair.stream().close();
        return waiting(client);
      }
      default -> throw new IllegalStateException("broken on purpose");
    }
  }

  private int waiting(Client client) {
    try {
      client.out("waiting\n");
      return client.waiting(() -> {
        release.await();
        return 3;
      });
    } catch (ClientLeft e) {
      departures.add(e);
      throw e;
    }
  }

  private void release(Client client) {
    try {
      release.await();
      client.check();
    } catch (ClientLeft e) {
      departures.add(e);
      throw e;
    } catch (InterruptedException e) {
      throw new AssertionError("work is never interrupted", e);
    }
  }

  private TestClient client() {
    return new TestClient(directory.resolve("s"));
  }

  private static <T> T soon(BlockingQueue<T> queue) throws InterruptedException {
    T value = queue.poll(10, TimeUnit.SECONDS);
    assertThat(value).isNotNull();
    return value;
  }

  @Test
  void answersWithOutputAndExitCode() {
    try (TestClient client = client().ask("hello")) {
      assertThat(client.exit()).isEqualTo(7);
      assertThat(client.out.toString()).isEqualTo("to out\n");
      assertThat(client.err.toString()).isEqualTo("to err\n");
      assertThat(client.next()).isEqualTo(-1);
    }
  }

  @Test
  void tellsTheFrontWhereTheClientStands() throws InterruptedException {
    try (TestClient client = client();
        Fd lent = UnixStream.pair().other()) {
      byte[] request =
          TestClient.request(0b101, List.of("kapsel", "hello"), List.of("A=1", "B=x=y"), "/srv");
      client.stream.send(request, lent, lent, lent);

      assertThat(client.exit()).isEqualTo(7);
    }
    Request request = soon(requests);
    assertThat(request.argv()).containsExactly("kapsel", "hello");
    assertThat(request.variable("B")).contains("x=y");
    assertThat(request.variable("C")).isEmpty();
    assertThat(request.directory()).isEqualTo(Path.of("/srv"));
    assertThat(request.terminals()).isEqualTo(new Request.Terminals(true, false, true));
    assertThat(request.umask()).isEqualTo(022);
    assertThat(request.window()).isEqualTo(new Request.WindowSize((short) 24, (short) 80));
  }

  @Test
  void keepsNoneOfTheClientsDescriptors() {
    UnixStream.Pair lent = UnixStream.pair();
    try (TestClient client = client()) {
      client.stream.send(
          TestClient.request(0, List.of("kapsel", "wait"), List.of(), "/"), lent.other());
      client.next();
      lent.other().close();

      // The engine's copy would keep this pipe from ending for as long as the command runs.
      assertThat(lent.stream().read(new byte[1], 0, 1)).isEqualTo(-1);
    }
  }

  @Test
  void takesARequestInPieces() {
    try (TestClient client = client()) {
      byte[] request = TestClient.request(0, List.of("kapsel", "hello"), List.of(), "/");
      for (byte b : request) {
        client.stream.write(new byte[] {b});
      }
      assertThat(client.exit()).isEqualTo(7);
    }
  }

  @Test
  void cutsLongOutputIntoFrames() {
    try (TestClient client = client().ask("much")) {
      assertThat(client.exit()).isZero();
      assertThat(client.out).hasSize(200_000);
    }
  }

  @Test
  void handsAStreamOverAndPassesSignalsOn() throws InterruptedException {
    try (TestClient client = client().ask("attach")) {
      while (client.attached.isEmpty()) {
        client.next();
      }
      assertThat(client.attachFlags).isEqualTo(0b1011);
      byte[] two = new byte[2];
      try (UnixStream relayed = UnixStream.of(client.attached.removeFirst())) {
        relayed.readFully(two, 0, 2);
      }
      assertThat(two).asString(StandardCharsets.UTF_8).isEqualTo("hi");

      client.frame(6, 15);
      assertThat(soon(signals)).isEqualTo(15);
      assertThat(departures).isEmpty();

      client.frame(5);
      assertThat(client.exit()).isZero();
      assertThat(soon(departures).departure()).isEqualTo(ClientLeft.Departure.DETACHED);
    }
  }

  @Test
  void anInterruptEndsAWait() throws InterruptedException {
    try (TestClient client = client().ask("wait")) {
      client.next();
      client.frame(6, 2);

      assertThat(client.exit()).isEqualTo(130);
      assertThat(soon(departures).departure()).isEqualTo(ClientLeft.Departure.SIGNALLED);
    }
  }

  @Test
  void anInterruptIsAnsweredAtOnceAndTheWorkEndsLater() throws InterruptedException {
    try (TestClient client = client().ask("work")) {
      soon(requests);
      client.frame(6, 15);

      assertThat(client.exit()).isEqualTo(143);
      assertThat(departures).isEmpty();
      release.countDown();
      assertThat(soon(departures).departure()).isEqualTo(ClientLeft.Departure.SIGNALLED);
    }
  }

  @Test
  void aClientThatVanishesEndsItsWait() throws InterruptedException {
    TestClient client = client().ask("wait");
    client.next();
    client.close();

    assertThat(soon(departures).departure()).isEqualTo(ClientLeft.Departure.VANISHED);
  }

  @Test
  void aFaultOfTheFrontIsTold() {
    try (TestClient client = client().ask("boom")) {
      assertThat(client.exit()).isEqualTo(125);
      assertThat(client.err).contains("kapsel: the engine has failed: ").contains("on purpose");
    }
    answersWithOutputAndExitCode();
  }

  @Test
  void garbageIsRefused() {
    refuses(new byte[64], "this is not a request of the kapsel client");
  }

  @Test
  void anotherVersionIsRefused() {
    refuses(patched(4, 2), "the client speaks version 2 of the protocol, the engine 1");
  }

  @Test
  void lengthsAndCountsAreChecked() {
    refuses(patched(8, -1), "a request may be at most 4194304 bytes long");
    refuses(patched(8, 4194305), "a request may be at most 4194304 bytes long");
    refuses(patched(12, 0), "the request's counts do not fit its length");
    refuses(patched(12, Integer.MAX_VALUE), "the request's counts do not fit its length");
    refuses(patched(16, -1), "the request's counts do not fit its length");
    refuses(patched(12, 3), "the request's counts do not fit its text");
    refuses(patched(8, 100_001), "the engine has too many long requests at once; try again");
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    byte[] request = TestClient.request(0, List.of("kapsel", "hello"), List.of(), "/");
    request[32 + 8] = (byte) 0xff;

    refuses(request, "argument 1 is not valid UTF-8");
  }

  @Test
  void textWithoutItsEndIsRefused() {
    byte[] request = TestClient.request(0, List.of("kapsel", "hello"), List.of(), "/");
    request[request.length - 1] = 'x';

    refuses(request, "the request does not end where its text ends");
  }

  @Test
  void whoIsNotAdmittedIsRefused() {
    admitting = false;
    try (TestClient client = client().ask("hello")) {
      assertThat(client.exit()).isEqualTo(125);
      assertThat(client.err.toString())
          .isEqualTo("kapsel: permission denied: the engine takes commands only from root\n");
    }
    assertThat(requests).isEmpty();
  }

  @Test
  void whoSaysNothingIsHungUpOn() {
    try (TestClient silent = client();
        TestClient slow = client()) {
      slow.stream.write(Arrays.copyOf(patched(4, 1), 40));

      assertThat(silent.exit()).isEqualTo(-1);
      assertThat(slow.exit()).isEqualTo(-1);
    }
    answersWithOutputAndExitCode();
  }

  @Test
  void whoHangsUpEarlyHarmsNobody() {
    byte[] request = TestClient.request(0, List.of("kapsel", "hello"), List.of(), "/");
    for (int length = 0; length < request.length; length += 5) {
      try (TestClient client = client()) {
        client.stream.write(Arrays.copyOf(request, length));
      }
    }
    answersEventually();
    TestClient client = client().ask("much");
    assertThat(client.next()).isEqualTo(1);
    client.close();
    answersEventually();
  }

  @Test
  void nonsenseAfterTheRequestEndsTheConversation() throws InterruptedException {
    try (TestClient client = client().ask("wait")) {
      client.next();
      client.frame(6, 2, 3);

      assertThat(soon(departures).departure()).isEqualTo(ClientLeft.Departure.VANISHED);
      assertThat(client.exit()).isEqualTo(-1);
    }
  }

  @Test
  void moreClientsThanThereArePlacesAreTurnedAway() {
    try (TestClient a = client().ask("wait");
        TestClient b = client().ask("wait");
        TestClient c = client().ask("wait")) {
      List.of(a, b, c).forEach(TestClient::next);
      try (TestClient fourth = client()) {
        assertThat(fourth.exit()).isEqualTo(125);
        assertThat(fourth.err).contains("the engine serves 3 clients and takes no more");
      }
      release.countDown();
      assertThat(a.exit()).isEqualTo(3);
    }
    answersEventually();
  }

  @Test
  void idlenessIsToldOnlyWhenNobodyIsServed() throws InterruptedException {
    CountDownLatch idle = new CountDownLatch(1);
    try (TestClient client = client().ask("wait")) {
      client.next();
      server.whenIdle(Duration.ofMillis(50), () -> true, idle::countDown);

      assertThat(idle.await(300, TimeUnit.MILLISECONDS)).isFalse();
    }
    assertThat(idle.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void anEndOfTheEngineEndsTheWaitsWithoutAnExitCode() throws InterruptedException {
    try (TestClient client = client().ask("wait")) {
      client.next();
      server.drain(Duration.ofSeconds(5));

      assertThat(client.exit()).isEqualTo(-1);
      assertThat(soon(departures).departure()).isEqualTo(ClientLeft.Departure.VANISHED);
    }
  }

  private void answersEventually() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (true) {
      try (TestClient client = client()) {
        byte[] request = TestClient.request(0, List.of("kapsel", "hello"), List.of(), "/");
        client.stream.write(request);
        if (client.exit() == 7) {
          return;
        }
      } catch (io.kapsel.linux.SyscallException e) {
        // turned away before it could write: places are freed a moment after EXIT was read
        assertThat(System.nanoTime()).isLessThan(end);
      }
      assertThat(System.nanoTime()).isLessThan(end);
    }
  }

  private static byte[] patched(int at, int value) {
    byte[] request = TestClient.request(0, List.of("kapsel", "hello"), List.of(), "/");
    ByteBuffer.wrap(request).order(ByteOrder.nativeOrder()).putInt(at, value);
    return request;
  }

  private void refuses(byte[] request, String reason) {
    try (TestClient client = client()) {
      client.stream.write(request);

      assertThat(client.exit()).isEqualTo(125);
      assertThat(client.err.toString()).isEqualTo("kapsel: " + reason + "\n");
    }
    assertThat(requests).isEmpty();
  }
}
