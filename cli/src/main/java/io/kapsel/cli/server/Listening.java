package io.kapsel.cli.server;

import io.kapsel.cli.server.ClientLeft.Departure;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CancellationException;

/** Hears what a client says after its request: a signal, a detach, or nothing more. */
final class Listening implements Runnable {
  private static final int SIGNALS = 64;

  private final UnixStream stream;
  private final Conversation conversation;

  Listening(UnixStream stream, Conversation conversation) {
    this.stream = stream;
    this.conversation = conversation;
  }

  @Override
  public void run() {
    try {
      byte[] header = new byte[Frame.HEADER];
      while (stream.readFully(header, 0, header.length) && hear(header)) {}
    } catch (SyscallException | CancellationException _) {
      // The connection is over, by the client or by our own close.
    }
    conversation.depart(new ClientLeft(Departure.VANISHED));
  }

  /** Whether there may be more; nonsense ends the conversation like silence does. */
  private boolean hear(byte[] header) {
    int type = header[0];
    int length = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).getInt(4);
    if (type == Frame.DETACHED && length == 0) {
      conversation.depart(new ClientLeft(Departure.DETACHED));
      return true;
    }
    if (type != Frame.SIGNAL || length != Integer.BYTES) {
      return false;
    }
    byte[] payload = new byte[Integer.BYTES];
    if (!stream.readFully(payload, 0, payload.length)) {
      return false;
    }
    int signal = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder()).getInt();
    if (signal < 1 || signal > SIGNALS) {
      return false;
    }
    conversation.signalled(signal);
    return true;
  }
}
