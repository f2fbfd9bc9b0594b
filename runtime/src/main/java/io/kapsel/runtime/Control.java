package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Message;
import io.kapsel.linux.socket.SeqPacketSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The control socket of a launcher, from the engine's side; docs/guide/wire.md, section 2. */
final class Control implements AutoCloseable {
  static final int SEGMENT = 1;
  static final int SPAWN = 2;
  static final int ATTACH = 3;
  static final int SIGNAL = 4;
  static final int ADOPT = 5;
  static final int DONE = 16;
  static final int FAILED = 17;
  static final int STARTED = 18;
  static final int EXITED = 19;
  static final int NOTICE = 20;
  static final int ATTACHED = 21;
  private static final int SIZE = 16;

  private final SeqPacketSocket socket;

  Control(SeqPacketSocket socket) {
    this.socket = socket;
  }

  /** To a monitor that listens in that directory; nothing when there is none. */
  static Optional<Control> connect(Path runDirectory) {
    try {
      String socket = runDirectory.resolve("control.sock").toString();
      return Optional.of(new Control(SeqPacketSocket.connect(socket)));
    } catch (SyscallException e) {
      if (e.isShortage()) {
        throw e; // it may be there still
      }
      return Optional.empty();
    }
  }

  /** What a launcher says. */
  record Answer(int type, int a, int b, int c, Optional<Fd> descriptor) {}

  void send(int type, int a, Fd... descriptors) {
    send(type, a, 0, 0, descriptors);
  }

  void send(int type, int a, int b, int c, Fd... descriptors) {
    ByteBuffer message = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    message.putInt(type).putInt(a).putInt(b).putInt(c);
    socket.send(message.array(), descriptors);
  }

  /** The next answer; nothing when the launcher is gone. */
  Optional<Answer> receive() {
    Optional<Message> received = socket.receive();
    if (received.isEmpty()) {
      return Optional.empty();
    }
    try (Message message = received.get()) {
      if (message.bytes().length < SIZE) {
        return Optional.empty();
      }
      ByteBuffer in = ByteBuffer.wrap(message.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      List<Fd> descriptors = message.takeAll();
      return Optional.of(
          new Answer(
              in.getInt(),
              in.getInt(),
              in.getInt(),
              in.getInt(),
              descriptors.stream().findFirst()));
    }
  }

  /** The same; nothing when it says nothing for so long. */
  Optional<Answer> receive(Duration limit) {
    return socket.isReadable(limit) ? receive() : Optional.empty();
  }

  /** Whether nothing was said yet, not even that the launcher is gone. */
  boolean alive() {
    return !socket.isReadable();
  }

  @Override
  public void close() {
    socket.close();
  }
}
