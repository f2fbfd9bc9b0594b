package io.kapsel.engine.log;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Credentials;
import io.kapsel.linux.socket.UnixDatagrams;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A syslog: by messages, or by a connection, which is made again when it is lost. */
public final class Syslog implements Destination {
  private static final int PORT = 514;
  private static final String TLS = "tcp+tls";
  private static final int PATIENCE_MILLIS = 10_000;

  private final Address address;
  private final SyslogFormat format;
  private final Credentials sender;
  private final Optional<SSLContext> tls;
  private @Nullable OutputStream stream;

  /** At an address. */
  public Syslog(Address address, SyslogFormat format, Credentials sender) {
    this(address, format, sender, Optional.empty());
  }

  /** At an address, by TLS where that is asked for. */
  public Syslog(
      Address address, SyslogFormat format, Credentials sender, Optional<SSLContext> tls) {
    this.tls = tls;
    this.address = address;
    this.format = format;
    this.sender = sender;
  }

  /**
   * Where one listens.
   *
   * @param protocol {@code udp}, {@code tcp}, {@code tcp+tls}, {@code unix} or {@code unixgram}
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
        case "udp", "tcp", TLS -> host(protocol, rest);
        default -> throw new IllegalArgumentException("unsupported syslog protocol: " + protocol);
      };
    }

    /** Whether nobody else is to read it. */
    public boolean isTls() {
      return protocol.equals(TLS);
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
    OutputStream open = stream;
    if (open == null) {
      open = connect();
      stream = open;
    }
    try {
      byte[] line = Arrays.copyOf(message, message.length + 1);
      line[message.length] = '\n';
      open.write(line);
      open.flush();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private OutputStream connect() throws IOException {
    if (address.isTls()) {
      return secured();
    }
    return Channels.newOutputStream(
        SocketChannel.open(
            address.protocol().equals("tcp")
                ? new InetSocketAddress(InetAddress.getByName(address.place()), address.port())
                : UnixDomainSocketAddress.of(address.place())));
  }

  /** A certificate has to be for that host; closing the stream closes the connection. */
  private OutputStream secured() throws IOException {
    SSLContext context = tls.orElseThrow(() -> new IOException("TLS without certificates"));
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
    try {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.connect(new InetSocketAddress(address.place(), address.port()), PATIENCE_MILLIS);
      socket.startHandshake();
      return socket.getOutputStream();
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public void close() {
    OutputStream open = stream;
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
