package io.kapsel.linux.nftables;

import io.kapsel.linux.netlink.NetlinkMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A rule while it is written: expressions that the kernel evaluates in order until one does not
 * match. There are 16 registers of four bytes; what is longer takes several.
 */
public final class Rule {
  private static final int REGISTERS = 8;
  private static final int LINK_NAME = 16;
  private static final int HEADS = 128;
  private static final byte[] LOOPBACK = {1, 0, 0, 0};
  private static final int ANYTHING_DONE_TO_CHECKSUM = 1;

  private record Expression(String name, Consumer<NetlinkMessage> content) {}

  private final List<Expression> expressions = new ArrayList<>();

  /** One that every packet matches. */
  public Rule() {}

  /** What is known of a packet beside its bytes. */
  public enum Meta {
    /** NFT_META_PROTOCOL: the type of the frame. */
    FRAME(1),
    /** NFT_META_MARK. */
    MARK(3),
    /** NFT_META_IIF: a number, which is compared faster than a name. */
    IN_NUMBER(4),
    /** NFT_META_OIF. */
    OUT_NUMBER(5),
    /** NFT_META_IIFNAME. */
    IN(6),
    /** NFT_META_OIFNAME. */
    OUT(7),
    /** NFT_META_NFPROTO. */
    FAMILY(15),
    /** NFT_META_L4PROTO. */
    PROTOCOL(16);

    private final int number;

    Meta(int number) {
      this.number = number;
    }
  }

  /** From where a part of a packet is counted. */
  public enum Base {
    /** The frame's head. */
    FRAME,
    /** The head of IP. */
    NETWORK,
    /** The head of what is in IP. */
    TRANSPORT
  }

  /** Loads what is known of the packet. */
  public Rule load(Meta what, int register) {
    return add(
        "meta", data -> data.networkValue(1, REGISTERS + register).networkValue(2, what.number));
  }

  /** Loads bytes of the packet. */
  public Rule load(Base base, int offset, int length, int register) {
    return add(
        "payload",
        data ->
            data.networkValue(1, REGISTERS + register)
                .networkValue(2, base.ordinal())
                .networkValue(3, offset)
                .networkValue(4, length));
  }

  /** Loads a constant. */
  public Rule load(byte[] constant, int register) {
    return add(
        "immediate",
        data ->
            data.networkValue(1, REGISTERS + register)
                .nested(2, value -> value.bytes(1, constant)));
  }

  /** Loads what is known of the packet's connection: 0 its state, 2 its status. */
  public Rule loadConnection(int key, int register) {
    return add("ct", data -> data.networkValue(1, REGISTERS + register).networkValue(2, key));
  }

  /** Loads what kind of address the destination is for this host. */
  public Rule loadDestinationType(int register) {
    return add(
        "fib",
        data -> data.networkValue(1, REGISTERS + register).networkValue(2, 3).networkValue(3, 2));
  }

  /** Goes on if the register holds that. */
  public Rule equal(int register, byte... value) {
    return compare(register, 0, value);
  }

  /** Goes on if the register holds something else. */
  public Rule unequal(int register, byte... value) {
    return compare(register, 1, value);
  }

  private Rule compare(int register, int operator, byte... value) {
    return add(
        "cmp",
        data ->
            data.networkValue(1, REGISTERS + register)
                .networkValue(2, operator)
                .nested(3, content -> content.bytes(1, value)));
  }

  /** Goes on if one of these bits is set in a register of four bytes. */
  public Rule anyOf(int register, int bits) {
    byte[] mask = {(byte) bits, (byte) (bits >> 8), (byte) (bits >> 16), (byte) (bits >> 24)};
    return mask(register, mask).unequal(register, new byte[4]);
  }

  /** Keeps only these bits of a register. */
  public Rule mask(int register, byte... mask) {
    return add(
        "bitwise",
        data ->
            data.networkValue(1, REGISTERS + register)
                .networkValue(2, REGISTERS + register)
                .networkValue(3, mask.length)
                .nested(4, content -> content.bytes(1, mask))
                .nested(5, content -> content.bytes(1, new byte[mask.length])));
  }

  /** Goes on if that link, in or out, is the loopback, whose number is 1 everywhere. */
  public Rule loopback(Meta number, boolean is) {
    load(number, 0);
    return is ? equal(0, LOOPBACK) : unequal(0, LOOPBACK);
  }

  /** Goes on if the packet came in by a link of that name. */
  public Rule in(String link) {
    return load(Meta.IN, 0).equal(0, name(link));
  }

  /** Goes on if it goes out by a link of that name. */
  public Rule out(String link) {
    return load(Meta.OUT, 0).equal(0, name(link));
  }

  /** Goes on if the name of the link begins with that. */
  public Rule startsWith(Meta link, String prefix) {
    return load(link, 0).equal(0, prefix.getBytes(StandardCharsets.US_ASCII));
  }

  /** The name of a link as it stands in registers. */
  public static byte[] name(String link) {
    return Arrays.copyOf(link.getBytes(StandardCharsets.UTF_8), LINK_NAME);
  }

  /** Goes on if the packet is of IPv4, or of IPv6. */
  public Rule family(Family family) {
    return load(Meta.FAMILY, 0).equal(0, (byte) family.number());
  }

  /** Goes on if what the registers hold is in the set. */
  public Rule isIn(NamedSet set, int register) {
    return lookup(set, register, 0);
  }

  /** Goes on if it is not. */
  public Rule isNotIn(NamedSet set, int register) {
    return lookup(set, register, 1);
  }

  private Rule lookup(NamedSet set, int register, int inverse) {
    return add(
        "lookup",
        data -> {
          data.text(1, set.name()).networkValue(2, REGISTERS + register);
          if (inverse != 0) {
            data.networkValue(5, inverse);
          }
        });
  }

  /** Replaces what the registers hold by what a map says; ends the rule if it says nothing. */
  public Rule map(NamedSet map, int from, int to) {
    return add(
        "lookup",
        data ->
            data.text(1, map.name())
                .networkValue(2, REGISTERS + from)
                .networkValue(3, REGISTERS + to));
  }

  /** Does what a map of verdicts says. */
  public Rule decide(NamedSet map, int from) {
    return add(
        "lookup",
        data -> data.text(1, map.name()).networkValue(2, REGISTERS + from).networkValue(3, 0));
  }

  /** Writes four bytes of the head of IPv4, and corrects the checksums. */
  public Rule storeIpv4(int register, int offset) {
    return store(register, Base.NETWORK, offset, 4, 10);
  }

  /** Writes sixteen bytes of the head of IPv6, and corrects the checksums above. */
  public Rule storeIpv6(int register, int offset) {
    return store(register, Base.NETWORK, offset, 16, 0);
  }

  /** Writes a port of TCP, whose checksum stands at 16, or of UDP, where it stands at 6. */
  public Rule storePort(int register, int offset, int checksum) {
    return store(register, Base.TRANSPORT, offset, 2, checksum);
  }

  private Rule store(int register, Base base, int offset, int length, int checksum) {
    return add(
        "payload",
        data -> {
          data.networkValue(2, base.ordinal())
              .networkValue(3, offset)
              .networkValue(4, length)
              .networkValue(5, REGISTERS + register)
              .networkValue(6, checksum > 0 ? 1 : 0)
              .networkValue(7, checksum);
          if (base == Base.NETWORK) {
            data.networkValue(8, ANYTHING_DONE_TO_CHECKSUM);
          }
        });
  }

  /** Translates the destination to the address and the port in the registers. */
  public Rule translateDestination(Family family, int address, int port) {
    return add(
        "nat",
        data ->
            data.networkValue(1, 1)
                .networkValue(2, family.number())
                .networkValue(3, REGISTERS + address)
                .networkValue(4, REGISTERS + address)
                .networkValue(5, REGISTERS + port)
                .networkValue(6, REGISTERS + port)
                .networkValue(7, 3));
  }

  /** Translates the destination to the address in the registers; its port stays. */
  public Rule translateDestination(Family family, int address) {
    return add(
        "nat",
        data ->
            data.networkValue(1, 1)
                .networkValue(2, family.number())
                .networkValue(3, REGISTERS + address)
                .networkValue(4, REGISTERS + address)
                .networkValue(7, 1));
  }

  /** Translates the source to the address of the link by which the packet goes out. */
  public Rule masquerade() {
    return add("masq", _ -> {});
  }

  /** Counts packets and bytes. */
  public Rule count() {
    return add("counter", data -> data.networkLong(1, 0).networkLong(2, 0));
  }

  /** Goes on at most so often in a second, and at first up to {@code burst} times at once. */
  public Rule atMost(long perSecond, int burst) {
    return add(
        "limit",
        data ->
            data.networkLong(1, perSecond)
                .networkLong(2, 1)
                .networkValue(3, burst)
                .networkValue(4, 0)
                .networkValue(5, 0));
  }

  /** Goes on once more came than so many bytes in a second, and {@code burst} at once. */
  public Rule moreThan(long bytesPerSecond, int burst) {
    return add(
        "limit",
        data ->
            data.networkLong(1, bytesPerSecond)
                .networkLong(2, 1)
                .networkValue(3, burst)
                .networkValue(4, 1)
                .networkValue(5, 1));
  }

  /** Tells those who listen to that group ({@link PacketLog}), in words that they know. */
  public Rule logTo(int group, String words) {
    return add("log", data -> data.bytes(1, twoBytes(group)).text(2, words).networkValue(3, HEADS));
  }

  private static byte[] twoBytes(int value) {
    return new byte[] {(byte) (value >> 8), (byte) value};
  }

  /** Writes to the kernel's log. */
  public Rule log(String prefix) {
    return add("log", data -> data.text(2, prefix).networkValue(5, 6));
  }

  /** Tells the sender that the way is closed. */
  public Rule reject() {
    return add("reject", data -> data.networkValue(1, 2).byteValue(2, 3));
  }

  /** Puts what the registers hold into a set, for as long as the set says. */
  public Rule remember(NamedSet set, int register) {
    return add(
        "dynset",
        data ->
            data.text(1, set.name())
                .networkValue(3, 1)
                .networkValue(4, REGISTERS + register)
                .networkLong(6, set.seconds() * 1000L));
  }

  /** Sends a copy by the link whose index is in a register to the address in another one. */
  public Rule copyTo(int address, int link) {
    return add(
        "dup", data -> data.networkValue(1, REGISTERS + address).networkValue(2, REGISTERS + link));
  }

  /** Ends the rule. */
  public Rule then(Verdict verdict) {
    return add("immediate", data -> verdict.write(data.networkValue(1, 0), 2));
  }

  private Rule add(String name, Consumer<NetlinkMessage> content) {
    expressions.add(new Expression(name, content));
    return this;
  }

  void write(NetlinkMessage message) {
    for (Expression each : expressions) {
      message.nested(1, list -> list.text(1, each.name()).nested(2, each.content()));
    }
  }
}
