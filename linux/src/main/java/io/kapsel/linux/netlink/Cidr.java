package io.kapsel.linux.netlink;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** An address and how many of its first bits name its network, written {@code 172.17.0.1/16}. */
public record Cidr(InetAddress address, int prefix) {
  private static final String FORM = "[0-9a-fA-F:.]+";

  /** Checks the length. */
  public Cidr {
    if (prefix < 0 || prefix > address.getAddress().length * 8) {
      throw new IllegalArgumentException("invalid CIDR address: " + text(address) + "/" + prefix);
    }
  }

  /** Reads {@code 10.0.0.0/8}; an address alone has all its bits. */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    InetAddress address = address(slash < 0 ? text : text.substring(0, slash));
    if (slash < 0) {
      return new Cidr(address, address.getAddress().length * 8);
    }
    String bits = text.substring(slash + 1);
    if (!bits.matches("\\d{1,3}")) {
      throw new IllegalArgumentException("invalid CIDR address: " + text);
    }
    return new Cidr(address, Integer.parseInt(bits));
  }

  /** Reads an address; a name is never looked up. */
  public static InetAddress address(String text) {
    try {
      boolean dotted = text.matches("\\d{1,3}(\\.\\d{1,3}){3}");
      if (text.length() < 50 && text.matches(FORM) && (dotted || text.indexOf(':') >= 0)) {
        return InetAddress.getByName(text);
      }
    } catch (UnknownHostException _) {
      // not an address, as told below
    }
    throw new IllegalArgumentException("invalid IP address: " + text);
  }

  /** An address as people write it, IPv6 in its short form. */
  public static String text(InetAddress address) {
    return address instanceof java.net.Inet6Address
        ? Ipv6Text.of(address)
        : address.getHostAddress();
  }

  /** Whether it is of IPv6. */
  public boolean isIpv6() {
    return address instanceof java.net.Inet6Address;
  }

  /** The first address, whose other bits are 0. */
  public Cidr network() {
    return new Cidr(at(BigInteger.ZERO), prefix);
  }

  /** How many addresses it has. */
  public BigInteger size() {
    return BigInteger.ONE.shiftLeft(bits() - prefix);
  }

  /** The address that is so far behind the first one. */
  public InetAddress at(BigInteger offset) {
    return of(first().add(offset), bits() / 8);
  }

  /** How far behind the first one an address is. */
  public BigInteger offset(InetAddress other) {
    return number(other).subtract(first());
  }

  /** Whether an address is in it. */
  public boolean contains(InetAddress other) {
    return other.getAddress().length * 8 == bits()
        && number(other).shiftRight(bits() - prefix).equals(first().shiftRight(bits() - prefix));
  }

  /** Whether the two have an address in common. */
  public boolean overlaps(Cidr other) {
    return prefix <= other.prefix ? contains(other.address) : other.contains(address);
  }

  private int bits() {
    return address.getAddress().length * 8;
  }

  private BigInteger first() {
    int rest = bits() - prefix;
    return number(address).shiftRight(rest).shiftLeft(rest);
  }

  private static BigInteger number(InetAddress address) {
    return new BigInteger(1, address.getAddress());
  }

  private static InetAddress of(BigInteger number, int length) {
    byte[] bytes = new byte[length];
    byte[] known = number.toByteArray();
    int count = Math.min(known.length, length);
    System.arraycopy(known, known.length - count, bytes, length - count, count);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address of " + Arrays.toString(bytes), e);
    }
  }

  @Override
  public String toString() {
    return text(address) + "/" + prefix;
  }
}
