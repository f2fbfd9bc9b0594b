package io.kapsel.network.dns;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * Asks the host's resolvers, from the host's network, one after the other until one answers. So
 * many questions may be open at once; more are not answered, as if they were lost on the way.
 */
public final class Upstreams {
  private static final int PORT = 53;
  private static final int LARGEST = 65535;
  private static final int MOST_AT_ONCE = 512;
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final int SERVER_FAILED = 2;
  private static final int REFUSED = 5;

  private final Semaphore room = new Semaphore(MOST_AT_ONCE);
  private final SecureRandom random = new SecureRandom();
  private final int port;

  /** At their usual port. */
  public Upstreams() {
    this(PORT);
  }

  /** At another port, as tests have them. */
  public Upstreams(int port) {
    this.port = port;
  }

  Optional<ByteBuffer> ask(
      DnsQuestion question, ByteBuffer query, List<InetAddress> servers, boolean stream) {
    if (!room.tryAcquire()) {
      return Optional.empty();
    }
    try {
      Optional<ByteBuffer> last = Optional.empty();
      for (InetAddress server : servers) {
        Optional<ByteBuffer> answer = ask(question, query, server, stream);
        if (answer.filter(Upstreams::isFinal).isPresent()) {
          return answer;
        }
        last = answer.or(() -> Optional.empty());
      }
      return last;
    } finally {
      room.release();
    }
  }

  private static boolean isFinal(ByteBuffer answer) {
    int code = answer.getShort(2) & 0xf;
    return code != SERVER_FAILED && code != REFUSED;
  }

  /** With a number of our own and from a port of chance: an answer cannot be guessed. */
  private Optional<ByteBuffer> ask(
      DnsQuestion question, ByteBuffer query, InetAddress server, boolean stream) {
    byte[] bytes = new byte[query.remaining()];
    query.get(query.position(), bytes);
    int id = random.nextInt(LARGEST + 1);
    bytes[0] = (byte) (id >> 8);
    bytes[1] = (byte) id;
    DnsQuestion own =
        new DnsQuestion(
            id, question.recursive(), question.name(), question.type(), question.asked());
    try {
      Optional<ByteBuffer> answer =
          stream ? overTcp(own, bytes, server) : overUdp(own, bytes, server);
      return answer.map(it -> it.putShort(0, (short) question.id()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Optional<ByteBuffer> overUdp(DnsQuestion question, byte[] query, InetAddress server)
      throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(server, port));
      socket.send(new DatagramPacket(query, query.length));
      long end = System.nanoTime() + PATIENCE.toNanos();
      byte[] room = new byte[LARGEST];
      while (true) {
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          return Optional.empty();
        }
        socket.setSoTimeout((int) left);
        DatagramPacket packet = new DatagramPacket(room, room.length);
        socket.receive(packet);
        ByteBuffer answer = ByteBuffer.wrap(room, 0, packet.getLength()).slice();
        if (question.isAnsweredBy(answer)) {
          return Optional.of(answer);
        }
      }
    }
  }

  private Optional<ByteBuffer> overTcp(DnsQuestion question, byte[] query, InetAddress server)
      throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(server, port), (int) PATIENCE.toMillis());
      socket.setSoTimeout((int) PATIENCE.toMillis());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      byte[] framed =
          ByteBuffer.allocate(query.length + 2).putShort((short) query.length).put(query).array();
      out.write(framed);
      out.flush();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] answer = in.readNBytes(in.readUnsignedShort());
      ByteBuffer read = ByteBuffer.wrap(answer);
      return question.isAnsweredBy(read) ? Optional.of(read) : Optional.empty();
    }
  }
}
