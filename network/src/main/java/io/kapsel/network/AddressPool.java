package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Gives away the addresses of one subnet. The one behind the last given comes next, so that a freed
 * address rests as long as there are others. Callers hold the lock of {@link Networks}.
 */
final class AddressPool {
  private static final int MOST_TRIES = 1 << 20;

  private final Subnet subnet;
  private final Cidr from;
  private final Set<InetAddress> taken = new HashSet<>();
  private BigInteger next = BigInteger.ZERO; // that of the network itself is taken

  AddressPool(Subnet subnet) {
    this.subnet = subnet;
    this.from = subnet.range().map(Cidr::parse).orElse(subnet.network());
    taken.add(subnet.gatewayAddress());
    taken.add(subnet.network().address());
    subnet.reserved().values().forEach(each -> taken.add(Cidr.address(each)));
    if (!subnet.isIpv6() && subnet.network().prefix() <= 30) {
      taken.add(subnet.network().at(subnet.network().size().subtract(BigInteger.ONE)));
    }
  }

  /** The next free address; nothing when there is none. */
  Optional<InetAddress> take() {
    BigInteger size = from.size();
    int tries = size.min(BigInteger.valueOf(MOST_TRIES)).intValue();
    for (int i = 0; i < tries; i++) {
      InetAddress candidate = from.at(next);
      next = next.add(BigInteger.ONE).mod(size);
      if (taken.add(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /** That very address; false when somebody has it. */
  boolean take(InetAddress wanted) {
    return taken.add(wanted);
  }

  boolean contains(InetAddress address) {
    return subnet.network().contains(address);
  }

  void release(InetAddress address) {
    if (!address.equals(subnet.gatewayAddress())) {
      taken.remove(address);
    }
  }
}
