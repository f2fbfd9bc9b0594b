package io.kapsel.engine.log;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Credentials;
import io.kapsel.linux.socket.UnixDatagrams;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A syslog: by messages, or by a connection, which is made again when it is lost. */
public final class Syslog implements Destination {
  private static final int PORT = 514;

  private final Address address;
  private final SyslogFormat format;
  private final Credentials sender;
  private @Nullable SocketChannel stream;

  /** At an address. */
  public Syslog(Address address, SyslogFormat format, Credentials sender) {
    this.address = address;
    this.format = format;
    this.sender = sender;
  }

  /**
   * Where one listens.
   *
   * @param protocol {@code udp}, {@code tcp}, {@code unix} or {@code unixgram}
   * @param place a host, or a path
   */
  public record Address(String protocol, String place, int port) {
    /** Where a host's own one listens. */
    public static final Address LOCAL = new Address("unixgram", "/dev/log", 0);

    /** Reads {@code PROTOCOL://HOST[:PORT]} or {@code unix://PATH}. */
    public static Address parse(String text) {
      int colon = text.indexOf("://");
      if (colon <= 0) {
        throw new IllegalArgumentException(
            "syslog-address should be in form proto://address, got " + text);
      }
      String protocol = text.substring(0, colon);
      String rest = text.substring(colon + 3);
      return switch (protocol) {
        case "unix", "unixgram" -> new Address(protocol, rest, 0);
        case "udp", "tcp" -> host(protocol, rest);
        default -> throw new IllegalArgumentException("unsupported syslog protocol: " + protocol);
      };
    }

    private static Address host(String protocol, String text) {
      int colon = text.lastIndexOf(':');
      boolean bare = colon < 0 || text.endsWith("]");
      String host = (bare ? text : text.substring(0, colon)).replaceAll("[\\[\\]]", "");
      String port = bare ? Integer.toString(PORT) : text.substring(colon + 1);
      if (host.isEmpty() || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65535) {
        throw new IllegalArgumentException("no host and port in the syslog-address: " + text);
      }
      return new Address(protocol, host, Integer.parseInt(port));
    }
  }

  @Override
  public void send(LogLine line) throws IOException {
    byte[] message = format.of(line);
    try {
      switch (address.protocol()) {
        case "udp" -> datagram(message);
        case "unixgram" -> UnixDatagrams.send(address.place(), message, sender);
        default -> write(message);
      }
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private void datagram(byte[] message) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      InetAddress host = InetAddress.getByName(address.place());
      socket.send(new DatagramPacket(message, message.length, host, address.port()));
    }
  }

  private void write(byte[] message) throws IOException {
    SocketChannel open = stream;
    if (open == null) {
      open = connect();
      stream = open;
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Arrays.copyOf(message, message.length + 1));
      bytes.put(message.length, (byte) '\n');
      while (bytes.hasRemaining()) {
        open.write(bytes);
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(
        address.protocol().equals("tcp")
            ? new InetSocketAddress(InetAddress.getByName(address.place()), address.port())
            : UnixDomainSocketAddress.of(address.place()));
  }

  @Override
  public void close() {
    SocketChannel open = stream;
    stream = null;
    try {
      if (open != null) {
        open.close();
      }
    } catch (IOException _) {
      // it is of no use any more
    }
  }
}
