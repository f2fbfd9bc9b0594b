package io.kapsel.network.dns;

import io.kapsel.linux.netlink.NetworkNamespace;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * The two sockets of a container's resolver. They belong to the container's network namespace and
 * are served by the engine.
 */
public final class DnsServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DnsServer.class.getName());
  private static final byte[] ADDRESS = {127, 0, 0, 11};
  private static final int LARGEST = 65535;
  private static final int LARGEST_DATAGRAM = 512;
  private static final int MOST_QUERIES = 64;
  private static final int MOST_CONNECTIONS = 16;
  private static final Duration IDLE = Duration.ofSeconds(10);

  private final Resolver resolver;
  private final DatagramChannel datagrams;
  private final ServerSocketChannel streams;
  private final KnownAnswers known = new KnownAnswers();
  private final ByteBuffer answer = ByteBuffer.allocateDirect(LARGEST_DATAGRAM);
  private final Semaphore queries = new Semaphore(MOST_QUERIES);
  private final Semaphore connections = new Semaphore(MOST_CONNECTIONS);

  private DnsServer(Resolver resolver, DatagramChannel datagrams, ServerSocketChannel streams) {
    this.resolver = resolver;
    this.datagrams = datagrams;
    this.streams = streams;
  }

  /** Opens the sockets, at ports that nobody else has, and serves them. */
  public static DnsServer open(NetworkNamespace namespace, Resolver resolver) {
    DnsServer server = namespace.in(() -> bind(resolver));
    Thread.ofVirtual().name("dns-datagrams").start(server::serveDatagrams);
    Thread.ofVirtual().name("dns-streams").start(server::serveStreams);
    return server;
  }

  private static DnsServer bind(Resolver resolver) {
    try {
      DatagramChannel datagrams = DatagramChannel.open(StandardProtocolFamily.INET);
      ServerSocketChannel streams = ServerSocketChannel.open(StandardProtocolFamily.INET);
      boolean bound = false;
      try {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getByAddress(ADDRESS), 0);
        datagrams.bind(any);
        streams.bind(any);
        bound = true;
        return new DnsServer(resolver, datagrams, streams);
      } finally {
        if (!bound) {
          datagrams.close();
          streams.close();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot open the resolver's sockets", e);
    }
  }

  /** The port of its datagrams. */
  public int datagramPort() {
    return port(datagrams.socket().getLocalSocketAddress());
  }

  /** The port of its streams. */
  public int streamPort() {
    return port(streams.socket().getLocalSocketAddress());
  }

  private static int port(SocketAddress address) {
    return ((InetSocketAddress) address).getPort();
  }

  private void serveDatagrams() {
    ByteBuffer room = ByteBuffer.allocateDirect(LARGEST);
    while (datagrams.isOpen()) {
      try {
        SocketAddress from = datagrams.receive(room.clear());
        answer(room.flip(), from);
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "a query is lost", e);
      }
    }
  }

  private void answer(ByteBuffer query, SocketAddress from) throws IOException {
    long edition = resolver.edition();
    if (known.find(query, edition, answer)) {
      int _ = datagrams.send(answer, from);
      return;
    }
    Optional<ByteBuffer> own = resolver.own(query, LARGEST_DATAGRAM);
    if (own.isPresent()) {
      if (!DnsReply.isOneOfSeveral(own.get())) {
        known.keep(query, edition, own.get());
      }
      int _ = datagrams.send(own.get(), from);
      return;
    }
    if (!queries.tryAcquire()) {
      return; // whoever asks too much waits and asks again
    }
    ByteBuffer kept = ByteBuffer.allocate(query.remaining()).put(query.duplicate()).flip();
    Thread.startVirtualThread(() -> {
      try {
        Optional<ByteBuffer> answer = resolver.others(kept, false);
        if (answer.isPresent()) {
          int _ = datagrams.send(answer.get(), from);
        }
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "an answer is lost", e);
      } finally {
        queries.release();
      }
    });
  }

  private void serveStreams() {
    while (streams.isOpen()) {
      try {
        Socket client = streams.accept().socket();
        if (connections.tryAcquire()) {
          Thread.startVirtualThread(() -> serve(client));
        } else {
          client.close();
        }
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "a connection is lost", e);
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      client.setSoTimeout((int) IDLE.toMillis());
      DataInputStream in = new DataInputStream(client.getInputStream());
      OutputStream out = client.getOutputStream();
      while (true) {
        ByteBuffer query = ByteBuffer.wrap(in.readNBytes(in.readUnsignedShort()));
        Optional<ByteBuffer> answer =
            resolver.own(query, LARGEST).or(() -> resolver.others(query, true));
        if (answer.isEmpty()) {
          return;
        }
        byte[] bytes = new byte[answer.get().remaining() + 2];
        ByteBuffer.wrap(bytes).putShort((short) answer.get().remaining()).put(answer.get());
        out.write(bytes);
        out.flush();
      }
    } catch (IOException _) {
      // the client has gone
    } finally {
      connections.release();
    }
  }

  @Override
  public void close() {
    try {
      datagrams.close();
      streams.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a socket cannot be closed", e);
    }
  }
}
