package io.kapsel.cli.front;

import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.ClientLeft;
import io.kapsel.linux.Fd;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** A client that keeps what it is told, and leaves when a test says so. */
final class FakeClient implements Client {
  final StringBuilder out = new StringBuilder();
  final StringBuilder err = new StringBuilder();
  final List<Relay> relays = new ArrayList<>();
  ClientLeft leavesInWait;
  ClientLeft leavesBeforeAttach;

  @Override
  public void out(String text) {
    out.append(text);
  }

  @Override
  public void err(String text) {
    err.append(text);
  }

  @Override
  public void out(byte[] bytes) {
    out(new String(bytes, StandardCharsets.UTF_8));
  }

  @Override
  public void err(byte[] bytes) {
    err(new String(bytes, StandardCharsets.UTF_8));
  }

  @Override
  public void attach(Relay relay, Fd end, IntConsumer onSignal) {
    if (leavesBeforeAttach != null) {
      throw leavesBeforeAttach;
    }
    relays.add(relay);
  }

  @Override
  public void launch(Fd program, Fd control, int kept) {
    throw new AssertionError("a kapsel command lets nobody launch");
  }

  @Override
  public io.kapsel.linux.socket.Credentials peer() {
    return new io.kapsel.linux.socket.Credentials((int) ProcessHandle.current().pid(), 0, 0);
  }

  @Override
  public <T> T waiting(Wait<T> wait) {
    if (leavesInWait != null) {
      throw leavesInWait;
    }
    try {
      return wait.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void check() {}
}
