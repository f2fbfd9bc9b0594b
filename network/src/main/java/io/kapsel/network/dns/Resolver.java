package io.kapsel.network.dns;

import io.kapsel.linux.netlink.Cidr;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Answers the queries of one container. */
public final class Resolver {
  private static final String REVERSE4 = ".in-addr.arpa";
  private static final String REVERSE6 = ".ip6.arpa";
  private static final String LOCALHOST = "localhost";
  private static final int NIBBLES = 32;

  private final Zone zone;
  private final Upstreams upstreams;

  /** For a container that knows {@code zone}. */
  public Resolver(Zone zone, Upstreams upstreams) {
    this.zone = zone;
    this.upstreams = upstreams;
  }

  /** Which edition of what is known of names the next answers are from, or a later one. */
  long edition() {
    return zone.edition();
  }

  /** What this host itself can answer; nothing if others must be asked, or nobody. */
  public Optional<ByteBuffer> own(ByteBuffer query, int most) {
    return DnsQuestion.read(query).flatMap(question -> own(question, most));
  }

  private Optional<ByteBuffer> own(DnsQuestion question, int most) {
    Optional<InetAddress> reverse = reverse(question);
    if (reverse.isPresent()) {
      return zone.name(reverse.get()).map(name -> DnsReply.pointer(question, name));
    }
    return localhost(question.name())
        .or(() -> zone.addresses(question.name()))
        .map(all -> DnsReply.addresses(question, chosen(question, all), most));
  }

  /** Whatever a container is called: RFC 6761, 6.3. */
  private static Optional<List<InetAddress>> localhost(String name) {
    return name.equals(LOCALHOST) || name.endsWith("." + LOCALHOST)
        ? Optional.of(List.of(Cidr.address("127.0.0.1"), Cidr.address("::1")))
        : Optional.empty();
  }

  /** Of the asked kind, each time in another order. */
  private static List<InetAddress> chosen(DnsQuestion question, List<InetAddress> all) {
    List<InetAddress> fit =
        new ArrayList<>(
            all.stream()
                .filter(it ->
                    question.type()
                        == (it instanceof Inet6Address
                            ? DnsQuestion.ADDRESS6
                            : DnsQuestion.ADDRESS))
                .toList());
    if (fit.size() > 1) {
      Collections.shuffle(fit);
    }
    return fit;
  }

  /** What others answer, or that they do not; nothing if it is no query. */
  public Optional<ByteBuffer> others(ByteBuffer query, boolean stream) {
    return DnsQuestion.read(query)
        .map(question -> {
          List<InetAddress> servers = zone.upstreams();
          if (servers.isEmpty()) {
            return DnsReply.refusal(question, DnsReply.SERVER_FAILED);
          }
          if (!zone.permits(question.name())) {
            return DnsReply.refusal(question, DnsReply.REFUSED);
          }
          Optional<ByteBuffer> answer = upstreams.ask(question, query, servers, stream);
          answer.ifPresent(it -> zone.answered(question.name(), it));
          return answer.orElseGet(() -> DnsReply.refusal(question, DnsReply.SERVER_FAILED));
        });
  }

  /** The address whose name is asked for. */
  private static Optional<InetAddress> reverse(DnsQuestion question) {
    if (question.type() != DnsQuestion.POINTER) {
      return Optional.empty();
    }
    String name = question.name();
    try {
      if (name.endsWith(REVERSE4)) {
        return ipv4(name.substring(0, name.length() - REVERSE4.length()));
      }
      return name.endsWith(REVERSE6)
          ? ipv6(name.substring(0, name.length() - REVERSE6.length()))
          : Optional.empty();
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  private static Optional<InetAddress> ipv4(String text) throws UnknownHostException {
    if (!text.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
      return Optional.empty();
    }
    String[] parts = text.split("\\.");
    return Optional.of(
        InetAddress.getByName(String.join(".", parts[3], parts[2], parts[1], parts[0])));
  }

  private static Optional<InetAddress> ipv6(String text) throws UnknownHostException {
    if (!text.matches("[0-9a-f](\\.[0-9a-f]){31}")) {
      return Optional.empty();
    }
    StringBuilder digits = new StringBuilder(text.replace(".", "")).reverse();
    byte[] bytes = new byte[NIBBLES / 2];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Integer.parseInt(digits.substring(2 * i, 2 * i + 2), 16);
    }
    return Optional.of(InetAddress.getByAddress(bytes));
  }
}
