package io.kapsel.cli.command.container;

import io.kapsel.cli.server.Client;
import io.kapsel.engine.log.LogRecord;
import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Pieces of a log to the stream they came from, with a time before each line if asked for. */
final class LogPrinter {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final Client client;
  private final boolean times;
  private final Optional<byte[]> details;
  private boolean outOpen;
  private boolean errOpen;

  LogPrinter(Client client, boolean times, Optional<Map<String, String>> details) {
    this.client = client;
    this.times = times;
    this.details =
        details.map(it ->
            it.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(each -> escaped(each.getKey()) + "=" + escaped(each.getValue()))
                .collect(Collectors.joining(",", "", " "))
                .getBytes(StandardCharsets.UTF_8));
  }

  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  void print(LogRecord piece) {
    byte[] bytes = times || details.isPresent() ? begun(piece) : piece.bytes();
    if (piece.error()) {
      client.err(bytes);
    } else {
      client.out(bytes);
    }
  }

  /** What stands before each line, and the line. */
  private byte[] begun(LogRecord piece) {
    ByteArrayOutputStream before = new ByteArrayOutputStream();
    if (times) {
      before.writeBytes((TIME.format(piece.time()) + " ").getBytes(StandardCharsets.US_ASCII));
    }
    details.ifPresent(before::writeBytes);
    byte[] stamp = before.toByteArray();
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
