package io.kapsel.api;

import io.kapsel.linux.Fd;
import io.kapsel.linux.socket.UnixStream;

/** The engine of this process. */
final class OwnEngine implements Link {
  private final io.kapsel.engine.Kapsel engine;
  private final Service service;

  OwnEngine(io.kapsel.engine.Kapsel engine) {
    this.engine = engine;
    this.service = new Service(engine);
  }

  @Override
  public Answer ask(Call call, Audience audience) throws InterruptedException {
    return service.answer(call, new Near(audience));
  }

  private record Near(Audience audience) implements Caller {
    @Override
    public void part(Object part) {
      audience.part((Answer) part);
    }

    @Override
    public void attach(Fd end) {
      audience.stream(UnixStream.of(end.duplicate()));
    }

    @Override
    public <T> T waiting(Wait<T> wait) throws InterruptedException {
      return wait.await();
    }
  }

  @Override
  public boolean isRemote() {
    return false;
  }

  @Override
  public void close() {
    engine.close();
  }
}
