package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** Finds addresses for a network that names none: neither a network nor the host has them. */
final class SubnetChooser {
  /** Addresses, and how large a network out of them is. */
  record Pool(Cidr base, int prefix) {
    /** Reads {@code 172.16.0.0/12,20}. */
    static Pool parse(String text) {
      int comma = text.indexOf(',');
      Cidr base = Cidr.parse(comma < 0 ? text : text.substring(0, comma)).network();
      int prefix = comma < 0 ? base.prefix() : Integer.parseInt(text.substring(comma + 1));
      if (prefix < base.prefix() || prefix > base.address().getAddress().length * 8 - 2) {
        throw new IllegalArgumentException("'" + text + "' is not SUBNET,BITS");
      }
      return new Pool(base, prefix);
    }
  }

  /** Docker's 31 first, then more than sixteen thousand. */
  static final List<Pool> DEFAULT =
      List.of(
          Pool.parse("172.17.0.0/16,16"),
          Pool.parse("172.18.0.0/15,16"),
          Pool.parse("172.20.0.0/14,16"),
          Pool.parse("172.24.0.0/13,16"),
          Pool.parse("192.168.0.0/16,20"),
          Pool.parse("10.64.0.0/10,24"));

  private static final int IPV6_PREFIX = 64;

  private SubnetChooser() {}

  /** The first network of IPv4 in the pools that has nothing in common with {@code taken}. */
  static Optional<Cidr> choose(List<Pool> pools, List<Cidr> taken) {
    return pools.stream()
        .flatMap(pool -> first(pool.base(), pool.prefix(), taken).stream())
        .findFirst();
  }

  /** The same of IPv6 in the 48 bits that are this host's own. */
  static Optional<Cidr> chooseIpv6(Cidr own, List<Cidr> taken) {
    return first(own, IPV6_PREFIX, taken);
  }

  private static Optional<Cidr> first(Cidr base, int prefix, List<Cidr> taken) {
    BigInteger step = new Cidr(base.address(), prefix).size();
    NavigableMap<BigInteger, BigInteger> ends = ends(base, taken);
    BigInteger at = BigInteger.ZERO;
    while (at.compareTo(base.size()) < 0) {
      Map.Entry<BigInteger, BigInteger> before = ends.lowerEntry(at.add(step));
      if (before == null || before.getValue().compareTo(at) <= 0) {
        return Optional.of(new Cidr(base.at(at), prefix));
      }
      BigInteger behind = before.getValue().add(step).subtract(BigInteger.ONE);
      at = behind.subtract(behind.mod(step));
    }
    return Optional.empty();
  }

  /** Where what is taken begins and ends, counted from the begin of {@code base}. */
  private static NavigableMap<BigInteger, BigInteger> ends(Cidr base, List<Cidr> taken) {
    NavigableMap<BigInteger, BigInteger> sorted = new TreeMap<>();
    for (Cidr each : taken) {
      if (base.overlaps(each)) {
        BigInteger start = base.offset(each.network().address()).max(BigInteger.ZERO);
        BigInteger end = base.offset(each.network().address()).add(each.size());
        sorted.merge(start, end, BigInteger::max);
      }
    }
    NavigableMap<BigInteger, BigInteger> ends = new TreeMap<>();
    BigInteger furthest = BigInteger.ZERO;
    for (Map.Entry<BigInteger, BigInteger> each : sorted.entrySet()) {
      furthest = furthest.max(each.getValue()); // one may lie in another
      ends.put(each.getKey(), furthest);
    }
    return ends;
  }
}
