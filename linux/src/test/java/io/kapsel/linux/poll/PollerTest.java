package io.kapsel.linux.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class PollerTest {
  private Fd reader;
  private Fd writer;

  @BeforeEach
  void open() {
    Stream.Pipe pipe = Stream.pipe();
    reader = pipe.reader();
    writer = pipe.writer();
  }

  @AfterEach
  void close() {
    reader.close();
    writer.close();
  }

  private CompletableFuture<Integer> wait(Thread.Builder builder, Fd fd, int events) {
    CompletableFuture<Integer> result = new CompletableFuture<>();
    CountDownLatch started = new CountDownLatch(1);
    builder.start(() -> {
      started.countDown();
      try {
        result.complete(Poller.shared().await(fd, events));
      } catch (Throwable e) {
        result.completeExceptionally(e);
      }
    });
    try {
      started.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return result;
  }

  private void put() {
    Stream.of(writer).write(new byte[] {1}, 0, 1);
  }

  @Test
  void wakesAVirtualThreadAndAPlatformThread() throws Exception {
    CompletableFuture<Integer> virtual = wait(Thread.ofVirtual(), reader, Poller.READ);
    CompletableFuture<Integer> platform = wait(Thread.ofPlatform(), reader, Poller.READ);
    put();
    assertThat(virtual.get() & Poller.READ).isEqualTo(Poller.READ);
    assertThat(platform.get() & Poller.READ).isEqualTo(Poller.READ);
  }

  @Test
  void whatIsReadyAlreadyIsToldAtOnceAndAgain() {
    put();
    assertThat(Poller.shared().await(reader, Poller.READ)).isEqualTo(Poller.READ);
    assertThat(Poller.shared().await(reader, Poller.READ)).isEqualTo(Poller.READ);
    assertThat(Poller.shared().await(writer, Poller.WRITE)).isEqualTo(Poller.WRITE);
  }

  @Test
  void answersNothingWhenTheTimeHasPassed() {
    assertThat(Poller.shared().await(reader, Poller.READ, Duration.ofMillis(20))).isZero();
    put();
    assertThat(Poller.shared().await(reader, Poller.READ, Duration.ofDays(400_000)))
        .isEqualTo(Poller.READ);
  }

  @Test
  void closingWakesTheWaiters() {
    CompletableFuture<Integer> waiting = wait(Thread.ofVirtual(), reader, Poller.READ);
    assertThat(Poller.shared().await(reader, Poller.READ, Duration.ofMillis(20))).isZero();
    reader.close();
    assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(SyscallException.class)
        .hasMessageContaining("EBADF");
  }

  @Test
  void theOtherSideGoingAwayWakes() throws Exception {
    CompletableFuture<Integer> waiting = wait(Thread.ofVirtual(), reader, Poller.READ);
    writer.close();
    assertThat(waiting.get() & Poller.HANG_UP).isEqualTo(Poller.HANG_UP);
  }

  @Test
  void anInterruptCancelsTheWait() throws Exception {
    CompletableFuture<Boolean> stillInterrupted = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                Poller.shared().await(reader, Poller.READ);
              } catch (CancellationException _) {
                stillInterrupted.complete(Thread.currentThread().isInterrupted());
              }
            });
    thread.interrupt();
    assertThat(stillInterrupted.get()).isTrue();
  }

  @Test
  void readersAndWritersOfOneDescriptorDoNotWakeEachOther() throws Exception {
    Fd[] ends = io.kapsel.linux.socket.SocketPairs.stream();
    CompletableFuture<Integer> read = wait(Thread.ofVirtual(), ends[0], Poller.READ);
    assertThat(Poller.shared().await(ends[0], Poller.WRITE)).isEqualTo(Poller.WRITE);
    assertThat(read).isNotDone();
    Stream.of(ends[1]).write(new byte[1], 0, 1);
    assertThat(read.get() & Poller.READ).isEqualTo(Poller.READ);
    ends[0].close();
    ends[1].close();
  }

  @Test
  void aRegularFileNeverMakesAnybodyWait() throws Exception {
    Path file = Files.createTempFile("kapsel", "poll");
    try (Fd fd = io.kapsel.linux.socket.SocketPairs.open(file)) {
      assertThat(Poller.shared().await(fd, Poller.READ)).isEqualTo(Poller.READ);
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void aCopyElsewhereKeepsNoClosedDescriptorAlive() {
    Fd copy = reader.duplicate();
    assertThat(Poller.shared().await(reader, Poller.READ, Duration.ofMillis(1))).isZero();
    reader.close();
    put();
    Fd next = copy.duplicate();
    assertThat(Poller.shared().await(next, Poller.READ)).isEqualTo(Poller.READ);
    next.close();
    copy.close();
  }

  @Test
  void aThousandWaitersAreServed() throws Exception {
    List<Stream.Pipe> pipes = new ArrayList<>();
    List<CompletableFuture<Integer>> waits = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      Stream.Pipe pipe = Stream.pipe();
      pipes.add(pipe);
      waits.add(wait(Thread.ofVirtual(), pipe.reader(), Poller.READ));
    }
    pipes.forEach(pipe -> Stream.of(pipe.writer()).write(new byte[1], 0, 1));
    for (CompletableFuture<Integer> wait : waits) {
      assertThat(wait.get()).isEqualTo(Poller.READ);
    }
    pipes.forEach(pipe -> pipe.reader().close());
    pipes.forEach(pipe -> pipe.writer().close());
  }

  @Test
  void manyMayBeginToWaitForANewDescriptorAtOnce() throws Exception {
    for (int round = 0; round < 200; round++) {
      Stream.Pipe pipe = Stream.pipe();
      Stream.of(pipe.writer()).write(new byte[1], 0, 1);
      CompletableFuture<Integer> one = wait(Thread.ofVirtual(), pipe.reader(), Poller.READ);
      CompletableFuture<Integer> two = wait(Thread.ofVirtual(), pipe.reader(), Poller.READ);
      assertThat(one.get()).isEqualTo(Poller.READ);
      assertThat(two.get()).isEqualTo(Poller.READ);
      pipe.reader().close();
      pipe.writer().close();
    }
  }

  @Test
  void twoPollersBothLearnOfAClose() {
    try (Poller own = new Poller()) {
      assertThat(own.await(reader, Poller.READ, Duration.ofMillis(1))).isZero();
      assertThat(Poller.shared().await(reader, Poller.READ, Duration.ofMillis(1))).isZero();
      CompletableFuture<Integer> shared = wait(Thread.ofVirtual(), reader, Poller.READ);
      CompletableFuture<Integer> mine = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(() -> {
            try {
              mine.complete(own.await(reader, Poller.READ));
            } catch (SyscallException e) {
              mine.completeExceptionally(e);
            }
          });
      reader.close();
      assertThatThrownBy(() -> shared.get(10, TimeUnit.SECONDS)).hasMessageContaining("EBADF");
      assertThatThrownBy(() -> mine.get(10, TimeUnit.SECONDS)).hasMessageContaining("EBADF");
    }
  }

  @Test
  void aPollerOfOnesOwnEnds() {
    try (Poller own = new Poller()) {
      put();
      assertThat(own.await(reader, Poller.READ)).isEqualTo(Poller.READ);
      reader.close();
    }
  }

  @Test
  void aStreamCarriesMoreThanAPipeHoldsWhoeverIsFaster() throws Exception {
    byte[] sent = new byte[1 << 20];
    new java.util.SplittableRandom(1).nextBytes(sent);
    Thread sender =
        Thread.ofVirtual()
            .start(() -> {
              try (Stream out = Stream.of(writer)) {
                out.write(sent, 0, sent.length);
              }
            });
    byte[] got = new byte[sent.length + 1];
    int done = 0;
    Stream in = Stream.of(reader);
    for (int n; (n = in.read(got, done, got.length - done)) >= 0; ) {
      done += n;
    }
    sender.join();
    assertThat(done).isEqualTo(sent.length);
    assertThat(java.util.Arrays.copyOf(got, done)).isEqualTo(sent);
  }
}
