package io.kapsel.engine.log;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Credentials;
import io.kapsel.linux.socket.UnixDatagrams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The journal of systemd, by its own protocol: fields, of which each is a name and bytes. */
public final class Journal implements Destination {
  /** Where it listens. */
  public static final String SOCKET = "/run/systemd/journal/socket";

  private static final int ERROR = 3;
  private static final int INFO = 6;
  private static final String NEWLINE = "\n";

  private final String socket;
  private final Map<String, String> fields;
  private final Credentials sender;

  /** Of a container, which the fields name. */
  public Journal(String socket, Map<String, String> fields, Credentials sender) {
    this.socket = socket;
    this.fields = Map.copyOf(fields);
    this.sender = sender;
  }

  @Override
  public void send(LogLine line) throws IOException {
    try {
      UnixDatagrams.send(socket, message(line), sender);
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private byte[] message(LogLine line) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    put(all, "MESSAGE", line.bytes());
    put(all, "PRIORITY", Integer.toString(line.error() ? ERROR : INFO));
    put(all, "SYSLOG_TIMESTAMP", line.time().toString());
    if (line.partial()) {
      put(all, "CONTAINER_PARTIAL_MESSAGE", "true");
    }
    fields.forEach((name, value) -> put(all, name, value));
    return all.toByteArray();
  }

  private static void put(ByteArrayOutputStream all, String name, String value) {
    put(all, name, value.getBytes(StandardCharsets.UTF_8));
  }

  /** With its length, so that it may have any bytes. */
  private static void put(ByteArrayOutputStream all, String name, byte[] value) {
    all.writeBytes((name + NEWLINE).getBytes(StandardCharsets.US_ASCII));
    all.writeBytes(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value.length).array());
    all.writeBytes(value);
    all.write('\n');
  }

  /** As the journal takes names of fields: capital letters, digits and underscores. */
  public static String fieldName(String text) {
    String name = text.toUpperCase(java.util.Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    return name.replaceAll("^[_0-9]+", "");
  }

  @Override
  public void close() {}
}
