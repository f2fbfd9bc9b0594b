package io.kapsel.cli.server;

import io.kapsel.linux.Fd;
import io.kapsel.linux.socket.Message;
import io.kapsel.linux.socket.UnixStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The other end of the protocol, written from wire.md and not from the server. */
final class TestClient implements AutoCloseable {
  final UnixStream stream;
  final StringBuilder out = new StringBuilder();
  final StringBuilder err = new StringBuilder();
  final List<Fd> attached = new ArrayList<>();
  int attachFlags = -1;
  private byte[] unread = new byte[0];

  TestClient(Path socket) {
    stream = UnixStream.connect(socket.toString());
  }

  static byte[] request(int flags, List<String> argv, List<String> environment, String directory) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (List<String> part : List.of(argv, environment, List.of(directory))) {
      for (String text : part) {
        body.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        body.write(0);
      }
    }
    return ByteBuffer.allocate(32 + body.size())
        .order(ByteOrder.nativeOrder())
        .putInt(0x5350414b)
        .putInt(1)
        .putInt(body.size())
        .putInt(argv.size())
        .putInt(environment.size())
        .putInt(flags)
        .putInt(022)
        .putShort((short) 24)
        .putShort((short) 80)
        .put(body.toByteArray())
        .array();
  }

  TestClient ask(String... words) {
    List<String> argv = new ArrayList<>(List.of("kapsel"));
    argv.addAll(List.of(words));
    stream.write(request(0, argv, List.of("HOME=/root"), "/tmp"));
    return this;
  }

  void frame(int type, int... payload) {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + 4 * payload.length)
            .order(ByteOrder.nativeOrder())
            .put((byte) type)
            .put((byte) 0)
            .putShort((short) 0)
            .putInt(4 * payload.length);
    for (int word : payload) {
      bytes.putInt(word);
    }
    stream.write(bytes.array());
  }

  /** Reads frames until EXIT, whose code it returns, or the end, which is -1. */
  int exit() {
    while (true) {
      int type = next();
      if (type < 0) {
        return -1;
      }
      if (type >= 1000) {
        return type - 1000;
      }
    }
  }

  /** Reads one frame: its type, 1000 and the code for EXIT, or -1 at the end. */
  int next() {
    byte[] header = take(8);
    if (header == null) {
      return -1;
    }
    ByteBuffer in = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
    int type = in.get();
    byte[] payload = take(in.getInt(4));
    ByteBuffer data = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
    switch (type) {
      case 1 -> out.append(new String(payload, StandardCharsets.UTF_8));
      case 2 -> err.append(new String(payload, StandardCharsets.UTF_8));
      case 3 -> {
        return 1000 + data.getInt();
      }
      case 4 -> attachFlags = data.getInt();
      default -> throw new AssertionError("frame of type " + type);
    }
    return type;
  }

  private byte[] take(int count) {
    while (unread.length < count) {
      Message message = stream.receive(65536).orElse(null);
      if (message == null) {
        return null;
      }
      attached.addAll(message.takeAll());
      byte[] more = new byte[unread.length + message.bytes().length];
      System.arraycopy(unread, 0, more, 0, unread.length);
      System.arraycopy(message.bytes(), 0, more, unread.length, message.bytes().length);
      unread = more;
    }
    byte[] taken = java.util.Arrays.copyOf(unread, count);
    unread = java.util.Arrays.copyOfRange(unread, count, unread.length);
    return taken;
  }

  @Override
  public void close() {
    attached.forEach(Fd::close);
    stream.close();
  }
}
