package io.kapsel.cli.server;

/** The client went away, detached or was interrupted; what was done for it alone ends here. */
public final class ClientLeft extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int SIGNALLED = 128;

  private final Departure departure;
  private final int signal;

  /** Why the client does not wait any longer. */
  public enum Departure {
    /** The connection ended: nobody hears the answer. */
    VANISHED,
    /** The user typed the detach keys; the container goes on. */
    DETACHED,
    /** The client got a signal, such as an interrupt. */
    SIGNALLED
  }

  /** A departure without a signal. */
  public ClientLeft(Departure departure) {
    this(departure, 0);
  }

  private ClientLeft(Departure departure, int signal) {
    super("the client has left: " + departure, null, false, false);
    this.departure = departure;
    this.signal = signal;
  }

  /** The client got {@code signal}. */
  public static ClientLeft signalled(int signal) {
    return new ClientLeft(Departure.SIGNALLED, signal);
  }

  /** Why the client does not wait any longer. */
  public Departure departure() {
    return departure;
  }

  /** The signal that the client got, or 0. */
  public int signal() {
    return signal;
  }

  /** What the client exits with. */
  public int exitCode() {
    return departure == Departure.DETACHED ? 0 : SIGNALLED + signal;
  }
}
