package io.kapsel.cli.command;

import io.kapsel.cli.server.Client;
import io.kapsel.engine.LogRecord;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Pieces of a log to the stream they came from, with a time before each line if asked for. */
final class LogPrinter {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final Client client;
  private final boolean times;
  private boolean outOpen;
  private boolean errOpen;

  LogPrinter(Client client, boolean times) {
    this.client = client;
    this.times = times;
  }

  void print(LogRecord piece) {
    byte[] bytes = times ? stamped(piece) : piece.bytes();
    if (piece.error()) {
      client.err(bytes);
    } else {
      client.out(bytes);
    }
  }

  private byte[] stamped(LogRecord piece) {
    byte[] stamp = (TIME.format(piece.time()) + " ").getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream text = new ByteArrayOutputStream(piece.bytes().length + stamp.length);
    boolean open = piece.error() ? errOpen : outOpen;
    for (byte b : piece.bytes()) {
      if (!open) {
        text.writeBytes(stamp);
      }
      text.write(b);
      open = b != '\n';
    }
    if (piece.error()) {
      errOpen = open;
    } else {
      outOpen = open;
    }
    return text.toByteArray();
  }
}
