package io.kapsel.api;

import io.kapsel.engine.EngineException;
import io.kapsel.engine.Event;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.Volume;
import io.kapsel.engine.spec.ContainerSpec;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/** An engine by a link to it. */
final class Session implements Kapsel {
  private static final System.Logger LOG = System.getLogger(Session.class.getName());

  private final Link link;

  Session(Link link) {
    this.link = link;
  }

  /** Asks what takes no time. */
  <T extends Answer> T now(Call call, Class<T> type) {
    try {
      return type.cast(link.ask(call, Link.Audience.NOBODY));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException.Failed("ask", "the engine", "interrupted", e);
    }
  }

  void now(Call call) {
    Answer _ = now(call, Answer.class);
  }

  Answer ask(Call call, Link.Audience audience) throws InterruptedException {
    return link.ask(call, audience);
  }

  ExitStatus attached(Call call, Streams streams) throws InterruptedException {
    try (Relay relay = new Relay(streams)) {
      Answer.Ended ended = (Answer.Ended) link.ask(call, relay);
      relay.finish();
      return ended.how();
    }
  }

  @Override
  public boolean isAttached() {
    return link.isRemote();
  }

  @Override
  public void pull(String image) throws InterruptedException {
    List<String> environment =
        System.getenv().entrySet().stream()
            .map(each -> each.getKey() + "=" + each.getValue())
            .toList();
    Answer _ = link.ask(new Call.Pull(image, environment), Link.Audience.NOBODY);
  }

  @Override
  public boolean hasImage(String image) {
    return now(new Call.HasImage(image), Answer.Truth.class).value();
  }

  @Override
  public Container create(ContainerSpec spec) {
    return handle(now(new Call.Create(spec, false), Answer.Facts.class).id());
  }

  @Override
  public Container run(ContainerSpec spec) {
    return handle(now(new Call.Create(spec, true), Answer.Facts.class).id());
  }

  @Override
  public ExitStatus run(ContainerSpec spec, Streams streams) throws InterruptedException {
    return attached(new Call.Foreground(create(spec).id()), streams);
  }

  @Override
  public Container container(String reference) {
    return handle(now(new Call.Find(reference), Answer.Facts.class).id());
  }

  @Override
  public List<Container> containers() {
    return now(new Call.Listed(), Answer.Ids.class).ids().stream().map(this::handle).toList();
  }

  private Container handle(String id) {
    return new Handle(this, id);
  }

  @Override
  public Volume createVolume(String name, Map<String, String> options, Map<String, String> labels) {
    return now(new Call.CreateVolume(name, options, labels), Answer.Kept.class)
        .volumes()
        .getFirst();
  }

  @Override
  public List<Volume> volumes() {
    return now(new Call.Volumes(), Answer.Kept.class).volumes();
  }

  @Override
  public void removeVolume(String name) {
    now(new Call.RemoveVolume(name));
  }

  @Override
  public Listening listen(Consumer<Event> each) {
    CountDownLatch begun = new CountDownLatch(1);
    Thread thread = Thread.ofVirtual().name("kapsel-events").start(() -> listen(each, begun));
    try {
      begun.await();
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
    return thread::interrupt;
  }

  private void listen(Consumer<Event> each, CountDownLatch begun) {
    Link.Audience audience =
        new Link.Audience() {
          @Override
          public void part(Answer part) {
            begun.countDown();
            if (part instanceof Answer.Happened(Event event)) {
              each.accept(event);
            }
          }
        };
    try {
      Answer _ = link.ask(new Call.Listen(), audience);
    } catch (InterruptedException _) {
      // it was closed
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "events are not heard any more: {0}", e.getMessage());
    } finally {
      begun.countDown();
    }
  }

  @Override
  public void close() {
    link.close();
  }
}
