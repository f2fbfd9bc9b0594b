package io.kapsel.linux;

import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.socket.SeqPacketSocket;
import java.util.List;

/** Prints what calls cost; run by hand. Not a test: times depend on the machine. */
public final class GateMeasurement {
  private GateMeasurement() {}

  public static void main(String[] arguments) throws InterruptedException {
    long start = System.nanoTime();
    Kernel.call(Syscall.GETPPID);
    System.out.printf("first call             %8.1f ms%n", (System.nanoTime() - start) / 1e6);
    measure("getppid", 2_000_000, () -> Kernel.call(Syscall.GETPPID));
    measure("openat2 and close", 200_000, () -> Open.path("/", OpenFlags.PATH).close());
    byte[] segment = new byte[16 * 1024];
    measure("sealed memfd of 16 KiB", 20_000, () -> Memfd.sealed("x", segment).close());
    messages();
    measure(
        "spawn /bin/true to end",
        200,
        () -> {
          try (Child child = Spawn.path("/bin/true").arguments(List.of("true")).start()) {
            child.await();
          }
        });
  }

  private static void messages() throws InterruptedException {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    SeqPacketSocket other = SeqPacketSocket.of(pair.other());
    Thread.ofVirtual()
        .start(() -> {
          for (var m = other.receive(); m.isPresent(); m = other.receive()) {
            other.send(m.get().bytes());
          }
        });
    byte[] message = new byte[16];
    Thread asking =
        Thread.ofVirtual()
            .start(() ->
                measure(
                    "message there and back",
                    20_000,
                    () -> {
                      pair.socket().send(message);
                      pair.socket().receive();
                    }));
    asking.join();
    pair.socket().close();
  }

  private static void measure(String what, int rounds, Runnable call) {
    for (int i = 0; i < rounds / 2; i++) {
      call.run();
    }
    long start = System.nanoTime();
    for (int i = 0; i < rounds; i++) {
      call.run();
    }
    System.out.printf("%-22s %8.2f us%n", what, (System.nanoTime() - start) / 1e3 / rounds);
  }
}
