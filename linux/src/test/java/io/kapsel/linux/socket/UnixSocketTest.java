package io.kapsel.linux.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.memory.Memfd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class UnixSocketTest {
  @TempDir Path directory;
  private long before;

  @BeforeEach
  void count() {
    io.kapsel.linux.poll.Poller.shared();
    before = Fd.openCount();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Fd.openCount()).isEqualTo(before);
  }

  @Test
  void messagesKeepTheirBordersAndCarryDescriptors() {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (SeqPacketSocket a = pair.socket();
        SeqPacketSocket b = SeqPacketSocket.of(pair.other());
        Fd file = Memfd.sealed("test", new byte[] {42})) {
      a.send(new byte[] {1, 2, 3}, file, file);
      a.send(new byte[] {4});
      try (Message first = b.receive().orElseThrow()) {
        assertThat(first.bytes()).containsExactly(1, 2, 3);
        assertThat(first.count()).isEqualTo(2);
        try (Fd taken = first.take(1)) {
          assertThat(Memfd.seals(taken)).isEqualTo(Memfd.seals(file));
          assertThat(Kernel.call(Syscall.FCNTL, taken.number(), 1)).isEqualTo(1);
        }
      }
      assertThat(b.receive().orElseThrow().bytes()).containsExactly(4);
    }
  }

  /** The kernel tells first that the other side has not read everything, then what it had said. */
  @Test
  void whatWasSaidBeforeAnEndIsHeardEvenIfItHeardNothing() {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (SeqPacketSocket a = pair.socket()) {
      try (SeqPacketSocket b = SeqPacketSocket.of(pair.other())) {
        a.send(new byte[] {1});
        b.send(new byte[] {2});
      }
      assertThat(a.receive().orElseThrow().bytes()).containsExactly(2);
      assertThat(a.receive()).isEmpty();
    }
  }

  @Test
  void asManyDescriptorsAsTheKernelSendsAtOnce() {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (SeqPacketSocket a = pair.socket();
        SeqPacketSocket b = SeqPacketSocket.of(pair.other());
        Fd file = Memfd.sealed("test", new byte[0])) {
      Fd[] many = new Fd[253];
      Arrays.fill(many, file);
      a.send(new byte[1], many);
      try (Message message = b.receive().orElseThrow()) {
        assertThat(message.count()).isEqualTo(253);
      }
    }
  }

  @Test
  void theEndIsNoMessage() {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (SeqPacketSocket b = SeqPacketSocket.of(pair.other())) {
      pair.socket().close();
      assertThat(b.receive()).isEmpty();
      assertThatThrownBy(() -> b.send(new byte[1]))
          .isInstanceOf(SyscallException.class)
          .hasMessageContaining("broken pipe (EPIPE)");
    }
  }

  @Test
  void aCutMessageIsAnErrorAndLeaksNothing() {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (SeqPacketSocket a = pair.socket();
        SeqPacketSocket b = SeqPacketSocket.of(pair.other());
        Fd file = Memfd.sealed("test", new byte[0])) {
      a.send(new byte[SeqPacketSocket.LONGEST + 1], file);
      assertThatThrownBy(b::receive).hasMessageContaining("EMSGSIZE");
    }
  }

  @Test
  void waitsForAMessageWithoutHoldingTheCarrier() throws Exception {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (SeqPacketSocket a = pair.socket();
        SeqPacketSocket b = SeqPacketSocket.of(pair.other())) {
      CompletableFuture<byte[]> got = new CompletableFuture<>();
      Thread.ofVirtual().start(() -> got.complete(b.receive().orElseThrow().bytes()));
      Thread sender = Thread.ofVirtual().start(() -> a.send(new byte[] {9}));
      assertThat(got.get()).containsExactly(9);
      sender.join(); // while it sends, its descriptor stays open
    }
  }

  @Test
  void aListenerIsReachedByItsPathAndHasItsPermissions() throws Exception {
    Path path = directory.resolve("socket");
    try (UnixListener listener = UnixListener.bind(path.toString(), SocketKind.STREAM, 0600);
        UnixStream client = UnixStream.connect(path.toString());
        UnixStream server = UnixStream.of(listener.accept())) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rw-------");
      client.write(new byte[] {1, 2});
      client.shutdownOutput();
      byte[] got = new byte[2];
      assertThat(server.readFully(got, 0, 2)).isTrue();
      assertThat(got).containsExactly(1, 2);
      assertThat(server.readFully(got, 0, 2)).isFalse();
      server.write(new byte[] {3}); // half-closed: the other direction still works
      assertThat(client.read(got, 0, 2)).isEqualTo(1);
      assertThat(server.peer().pid()).isEqualTo((int) ProcessHandle.current().pid());
      assertThatThrownBy(() -> UnixListener.bind(path.toString(), SocketKind.STREAM, 0600))
          .hasMessage("bind '" + path + "': address already in use (EADDRINUSE)");
    }
  }

  @Test
  void aPathMayBeLongerThanAnAddress() throws Exception {
    Path deep = Files.createDirectories(directory.resolve("d".repeat(100)).resolve("e".repeat(50)));
    String path = deep.resolve("s").toString();
    try (UnixListener listener = UnixListener.bind(path, SocketKind.MESSAGES, 0600);
        SeqPacketSocket client = SeqPacketSocket.connect(path);
        SeqPacketSocket server = SeqPacketSocket.of(listener.accept())) {
      client.send(new byte[] {5});
      assertThat(server.receive().orElseThrow().bytes()).containsExactly(5);
    }
  }

  @Test
  void connectingToNobodySaysSo() {
    String path = directory.resolve("nobody").toString();
    assertThatThrownBy(() -> UnixStream.connect(path))
        .hasMessage("connect '" + path + "': no such file or directory (ENOENT)");
  }

  @Test
  void closingTheListenerEndsTheAccept() throws Exception {
    UnixListener listener =
        UnixListener.bind(directory.resolve("s").toString(), SocketKind.STREAM, 0600);
    CompletableFuture<String> end = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try (Fd fd = listener.accept()) {
            end.complete("accepted " + fd);
          } catch (SyscallException e) {
            end.complete(e.errno().name());
          }
        });
    listener.close();
    assertThat(end.get()).isEqualTo("EBADF");
    while (Fd.openCount() != before) {
      Thread.onSpinWait(); // the last lease ends in the other thread
    }
  }

  @Test
  void bytesAndDescriptorsTravelOnAStream() throws Exception {
    byte[] sent = new byte[1 << 20];
    new SplittableRandom(1).nextBytes(sent);
    UnixStream.Pair pair = UnixStream.pair();
    try (UnixStream a = pair.stream();
        UnixStream b = UnixStream.of(pair.other());
        Fd file = Memfd.sealed("test", new byte[0])) {
      Thread sender = Thread.ofVirtual().start(() -> a.send(sent, file));
      byte[] got = new byte[sent.length];
      int done;
      try (Message first = b.receive(100).orElseThrow()) {
        assertThat(first.count()).isEqualTo(1);
        done = first.bytes().length;
        System.arraycopy(first.bytes(), 0, got, 0, done);
      }
      assertThat(b.readFully(got, done, got.length - done)).isTrue();
      sender.join();
      assertThat(got).isEqualTo(sent);
    }
  }
}
