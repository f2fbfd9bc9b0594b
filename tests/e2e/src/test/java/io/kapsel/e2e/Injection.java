package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What strace(1) does to system calls of an engine, its launchers and monitors. */
final class Injection implements AutoCloseable {
  private final Process tracer;
  private final Path log;

  private Injection(Process tracer, Path log) {
    this.tracer = tracer;
    this.log = log;
  }

  /**
   * Into all that there is of it, and whatever that begins.
   *
   * @param calls names of system calls
   * @param how the rest of strace's {@code inject=}
   */
  static Injection into(Product product, String calls, String how) {
    List<Long> pids = new ArrayList<>(HostFiles.descendants(product.engine()));
    pids.add(product.engine());
    Path log = product.home().resolve("strace");
    List<String> words = new ArrayList<>(List.of("strace", "-f", "-qq", "-o", log.toString()));
    words.addAll(List.of("-e", "trace=" + calls, "-e", "inject=" + calls + ":" + how));
    pids.forEach(pid -> words.addAll(List.of("-p", Long.toString(pid))));
    Process tracer = new Command(words).start();
    Await.until(
        "strace holds them, or they have ended",
        () -> pids.stream().allMatch(pid -> KillSweepIT.traced(pid) || !HostFiles.alive(pid)));
    return new Injection(tracer, log);
  }

  /** Calls that something was done to until now, as strace tells them. */
  List<String> done() {
    return HostFiles.read(log).lines().filter(line -> line.contains("(INJECTED)")).toList();
  }

  @Override
  public void close() {
    tracer.destroy(); // asked, it lets go of everybody where they are
    try {
      assertThat(tracer.waitFor(60, TimeUnit.SECONDS)).as("strace ends").isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted while strace ends", e);
    }
  }
}
