package io.kapsel.network.dhcp;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.socket.LinkDatagrams;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Function;

/**
 * Tells the machines on one bridge the addresses that they have been given anyway. A machine that
 * nobody knows gets no answer, so that this hurts no other server.
 */
public final class DhcpServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DhcpServer.class.getName());
  private static final int SERVER = 67;
  private static final int CLIENT = 68;
  private static final int OFFER = 2;
  private static final int ACKNOWLEDGE = 5;
  private static final int REFUSE = 6;
  private static final int SECONDS = 3600;
  private static final int LONGEST = 576;
  private static final int LONGEST_NAME = 63;
  private static final InetAddress EVERYBODY = Cidr.address("255.255.255.255");

  private final LinkDatagrams socket;
  private final Function<String, Optional<Lease>> leases;
  private volatile boolean closed;

  private DhcpServer(LinkDatagrams socket, Function<String, Optional<Lease>> leases) {
    this.socket = socket;
    this.leases = leases;
  }

  /** Serves a bridge; {@code leases} knows what belongs to a card. */
  public static DhcpServer open(String bridge, Function<String, Optional<Lease>> leases) {
    DhcpServer server = new DhcpServer(LinkDatagrams.open(bridge, SERVER), leases);
    Thread.ofVirtual().name("dhcp-" + bridge).start(server::serve);
    return server;
  }

  private void serve() {
    while (!closed) {
      try {
        answer(socket.receive());
      } catch (SyscallException | CancellationException e) {
        if (!closed) {
          LOG.log(System.Logger.Level.DEBUG, "a request for an address is lost", e);
        }
      }
    }
  }

  private void answer(ByteBuffer message) {
    Optional<DhcpRequest> request = DhcpRequest.read(message);
    Optional<Lease> lease = request.flatMap(it -> leases.apply(it.card()));
    if (lease.isPresent()) {
      answer(request.get(), lease.get())
          .ifPresent(bytes -> {
            boolean has = !request.get().current().isAnyLocalAddress();
            socket.send(bytes, has ? request.get().current() : EVERYBODY, CLIENT);
          });
    }
  }

  /** The answer to a request of the machine that has that lease; nothing if it wants none. */
  static Optional<byte[]> answer(DhcpRequest request, Lease lease) {
    if (request.server().filter(it -> !it.equals(lease.server())).isPresent()) {
      return Optional.empty(); // it has chosen somebody else
    }
    return switch (request.type()) {
      case DhcpRequest.DISCOVER -> Optional.of(reply(request, lease, OFFER));
      case DhcpRequest.REQUEST -> {
        InetAddress asked = request.wanted().orElse(request.current());
        boolean fits = asked.equals(lease.address());
        yield Optional.of(fits ? reply(request, lease, ACKNOWLEDGE) : refusal(request, lease));
      }
      case DhcpRequest.INFORM -> Optional.of(reply(request, lease, ACKNOWLEDGE));
      default -> Optional.empty(); // released or declined: it is given to nobody else anyway
    };
  }

  private static ByteBuffer begin(DhcpRequest request, int type, InetAddress server) {
    ByteBuffer reply = ByteBuffer.allocate(LONGEST);
    reply.put(0, (byte) 2).put(1, (byte) 1).put(2, (byte) 6).putInt(4, request.transaction());
    reply.putShort(10, (short) request.flags());
    reply
        .put(28, HexFormat.of().parseHex(request.hardware()))
        .putInt(236, DhcpRequest.COOKIE)
        .position(DhcpRequest.OPTIONS);
    return option(option(reply, 53, (byte) type), 54, server.getAddress());
  }

  private static byte[] refusal(DhcpRequest request, Lease lease) {
    return end(begin(request, REFUSE, lease.server()));
  }

  private static byte[] reply(DhcpRequest request, Lease lease, int type) {
    ByteBuffer reply = begin(request, type, lease.server());
    reply.put(12, request.current().getAddress());
    if (request.type() != DhcpRequest.INFORM) {
      reply.put(16, lease.address().getAddress());
      option(reply, 51, number(SECONDS));
      option(reply, 58, number(SECONDS / 2));
      option(reply, 59, number(SECONDS / 8 * 7));
    }
    Cidr network = new Cidr(lease.address(), lease.prefix());
    option(reply, 1, number((int) (0xffffffffL << (32 - lease.prefix()))));
    option(reply, 28, network.at(network.size().subtract(java.math.BigInteger.ONE)).getAddress());
    lease.router().ifPresent(it -> option(reply, 3, it.getAddress()));
    ByteBuffer names = ByteBuffer.allocate(lease.names().size() * 4);
    lease.names().forEach(it -> names.put(it.getAddress()));
    if (names.capacity() > 0) {
      option(reply, 6, names.array());
    }
    byte[] name = lease.hostname().getBytes(StandardCharsets.US_ASCII);
    if (name.length > 0 && name.length <= LONGEST_NAME) {
      option(reply, 12, name);
    }
    option(reply, 26, (byte) (lease.mtu() >> 8), (byte) lease.mtu());
    return end(reply);
  }

  private static ByteBuffer option(ByteBuffer reply, int code, byte... value) {
    return reply.put((byte) code).put((byte) value.length).put(value);
  }

  private static byte[] number(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  private static byte[] end(ByteBuffer reply) {
    reply.put((byte) 255);
    byte[] all = new byte[Math.max(300, reply.position())];
    reply.get(0, all, 0, reply.position());
    return all;
  }

  @Override
  public void close() {
    closed = true;
    socket.close();
  }
}
