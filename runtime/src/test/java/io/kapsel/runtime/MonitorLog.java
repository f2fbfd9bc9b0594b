package io.kapsel.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The log of a monitor as text, where it is shorter than a block of its records. */
final class MonitorLog {
  private static final int HEAD = 32;
  private static final int HEADER = 16;

  private MonitorLog() {}

  /** Empty where nothing was printed. */
  static String text(Path directory) throws IOException {
    Path file = directory.resolve("log");
    if (!Files.exists(file)) {
      return "";
    }
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    in.position(HEAD);
    StringBuilder out = new StringBuilder();
    while (in.remaining() >= HEADER) {
      in.getInt();
      byte[] text = new byte[in.getInt()];
      in.getLong();
      in.get(text);
      out.append(new String(text, StandardCharsets.UTF_8));
    }
    return out.toString();
  }
}
