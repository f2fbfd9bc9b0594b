package io.kapsel.ocicli;

import io.kapsel.linux.Fd;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.runtime.GuestRuntime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/** A caller in a directory, who keeps what he is told and lets nobody launch. */
final class TestCaller implements Caller {
  final StringBuilder out = new StringBuilder();
  final StringBuilder err = new StringBuilder();
  int exitCode;
  private final Path directory;
  private final List<String> words;

  private TestCaller(Path directory, List<String> words) {
    this.directory = directory;
    this.words = words;
  }

  static TestCaller serve(Path directory, String... words) {
    List<String> all = new ArrayList<>(List.of("kapsel-runc"));
    all.addAll(List.of(words));
    TestCaller caller = new TestCaller(directory, all);
    caller.exitCode = new OciFront(GuestRuntime.of(HostFacts.probe()), "1").serve(caller);
    return caller;
  }

  @Override
  public List<String> words() {
    return words;
  }

  @Override
  public Optional<String> variable(String name) {
    return name.equals("KAPSEL_RUNC_ROOT")
        ? Optional.of(directory.resolve("containers").toString())
        : Optional.empty();
  }

  @Override
  public Path directory() {
    return directory;
  }

  @Override
  public int pid() {
    return (int) ProcessHandle.current().pid();
  }

  @Override
  public int rows() {
    return 0;
  }

  @Override
  public int columns() {
    return 0;
  }

  @Override
  public void out(String text) {
    out.append(text);
  }

  @Override
  public void err(String text) {
    err.append(text);
  }

  @Override
  public void launch(Fd program, Fd control, int kept) {
    throw new AssertionError("nothing is to be launched");
  }

  @Override
  public void attach(Fd end, boolean terminal, IntConsumer onSignal) {
    throw new AssertionError("nothing is to be attached to");
  }

  @Override
  public <T> T waiting(Wait<T> wait) {
    throw new AssertionError("nothing is to be waited for");
  }
}
