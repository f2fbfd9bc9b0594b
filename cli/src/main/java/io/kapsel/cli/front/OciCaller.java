package io.kapsel.cli.front;

import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.Request;
import io.kapsel.linux.Fd;
import io.kapsel.ocicli.Caller;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/** A client as the OCI runtime sees it. */
record OciCaller(Request request, Client client, List<String> words) implements Caller {
  @Override
  public Optional<String> variable(String name) {
    return request.variable(name);
  }

  @Override
  public List<String> environment() {
    return request.environment();
  }

  @Override
  public Path directory() {
    return request.directory();
  }

  @Override
  public int pid() {
    return client.pid();
  }

  @Override
  public int rows() {
    return request.window().rows();
  }

  @Override
  public int columns() {
    return request.window().columns();
  }

  @Override
  public void out(String text) {
    client.out(text);
  }

  @Override
  public void err(String text) {
    client.err(text);
  }

  @Override
  public void launch(Fd program, Fd control, int kept) {
    client.launch(program, control, kept);
  }

  @Override
  public void attach(Fd end, boolean terminal, IntConsumer onSignal) {
    client.attach(new Client.Relay(terminal, terminal, false, true, terminal, 0), end, onSignal);
  }

  @Override
  public <T> T waiting(Wait<T> wait) {
    return client.waiting(wait::await);
  }
}
