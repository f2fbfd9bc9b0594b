package io.kapsel.runtime.criu;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Message;
import io.kapsel.linux.socket.SeqPacketSocket;
import java.util.Optional;

/** One request to a CRIU that serves a socket ({@code criu swrk}), and what it asks meanwhile. */
public final class CriuSession implements AutoCloseable {
  /** What a request is for. */
  public enum Request {
    /** Freezes into files. */
    DUMP(1),
    /** Brings back. */
    RESTORE(2),
    /** Copies memory ahead of a dump, while everything runs. */
    PRE_DUMP(4);

    private final int number;

    Request(int number) {
      this.number = number;
    }
  }

  /** Somebody who is told when a stage is reached, and may act in it. */
  @FunctionalInterface
  public interface Listener {
    /** For those that are told nothing. */
    Listener NOBODY = (_, _, _) -> {};

    /**
     * A stage.
     *
     * @param stage its name, such as {@code setup-namespaces}
     * @param pid of the process that it is about, or 0
     * @param sent the descriptor that came along, closed afterwards
     */
    void reached(String stage, int pid, Optional<Fd> sent);
  }

  private static final int NOTIFY = 6;
  private static final int TYPE = 1;
  private static final int OPTIONS = 2;
  private static final int NOTIFIED = 3;
  private static final int SUCCESS = 2;
  private static final int RESTORED = 4;
  private static final int STAGE = 5;
  private static final int ERROR = 7;
  private static final int WORDS = 9;

  private final SeqPacketSocket socket;

  /** Over a socket whose other end CRIU has. */
  public CriuSession(SeqPacketSocket socket) {
    this.socket = socket;
  }

  /**
   * Asks for something and waits until it is done.
   *
   * @return the pid of what was brought back, else 0
   * @throws CriuException when it was not done; what the listener throws ends it, too
   */
  public int ask(Request request, CriuMessage options, Listener listener) {
    try {
      socket.send(new CriuMessage().number(TYPE, request.number).message(OPTIONS, options).bytes());
      Optional<RuntimeException> refusal = Optional.empty();
      while (true) {
        Optional<Message> received = socket.receive();
        if (received.isEmpty()) {
          throw new CriuException("criu failed: it has ended without an answer");
        }
        try (Message message = received.get()) {
          CriuFields answer = CriuFields.parse(message.bytes());
          if (answer.number(TYPE) != NOTIFY) {
            return done(request, answer, refusal);
          }
          refusal = notified(answer, message, listener, refusal);
        }
      }
    } catch (SyscallException e) {
      throw new CriuException("criu failed: it has ended: " + e.getMessage());
    }
  }

  private static int done(Request request, CriuFields answer, Optional<RuntimeException> refusal) {
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    if (answer.number(SUCCESS) == 0) {
      throw new CriuException(
          "criu failed: type %s errno %d%s"
              .formatted(
                  request,
                  answer.number(ERROR),
                  answer.text(WORDS).map(words -> ": " + words.strip()).orElse("")));
    }
    return (int) (long) answer.message(RESTORED).map(it -> it.number(1)).orElse(0L);
  }

  /** CRIU stands still until it is answered, and undoes what it does when the answer is no. */
  private Optional<RuntimeException> notified(
      CriuFields answer, Message message, Listener listener, Optional<RuntimeException> refusal) {
    CriuFields stage = answer.message(STAGE).orElseGet(() -> CriuFields.parse(new byte[0]));
    Optional<Fd> sent = message.count() > 0 ? Optional.of(message.take(0)) : Optional.empty();
    Optional<RuntimeException> failure = refusal;
    try {
      if (refusal.isEmpty()) {
        listener.reached(stage.text(1).orElse(""), (int) stage.number(2), sent);
      }
    } catch (RuntimeException e) {
      failure = Optional.of(e);
    } finally {
      sent.ifPresent(Fd::close);
    }
    socket.send(new CriuMessage().number(TYPE, NOTIFY).flag(NOTIFIED, failure.isEmpty()).bytes());
    return failure;
  }

  @Override
  public void close() {
    socket.close();
  }
}
