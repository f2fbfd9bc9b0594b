package io.kapsel.linux.nftables;

import io.kapsel.linux.netlink.NetlinkAttributes;
import io.kapsel.linux.netlink.NetlinkMessage;
import io.kapsel.linux.netlink.NetlinkReply;
import io.kapsel.linux.netlink.NetlinkSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is in the kernel: tables, chains that it calls, and rules with remarks. */
public final class Ruleset {
  /** The group that hears of each change. */
  public static final int CHANGES = 7;

  private static final int BODY = 4;
  private static final int GET_RULE = 7;

  private Ruleset() {}

  /** A chain that the kernel calls at a point; what is not decided in it is dropped, or passes. */
  public record BaseChain(Table table, String name, Hook hook, boolean drops, int rules) {}

  /** A rule and its remark. */
  public record Remarked(long handle, String remark) {}

  /** All tables. */
  public static List<Table> tables(NetlinkSocket socket) {
    List<Table> found = new ArrayList<>();
    for (NetlinkReply reply : dump(socket, "list tables", Batch.GET_TABLE)) {
      family(reply)
          .ifPresent(
              family -> found.add(new Table(family, reply.attributes(BODY).text(1).orElse(""))));
    }
    return found;
  }

  /** All chains that the kernel calls. */
  public static List<BaseChain> baseChains(NetlinkSocket socket) {
    List<BaseChain> found = new ArrayList<>();
    for (NetlinkReply reply : dump(socket, "list chains", Batch.GET_CHAIN)) {
      NetlinkAttributes chain = reply.attributes(BODY);
      NetlinkAttributes hook = chain.nested(4);
      Optional<Family> family = family(reply);
      int point = hook.networkValue(1).orElse(-1);
      if (family.isPresent() && point >= 0 && point < Hook.Point.values().length) {
        found.add(
            new BaseChain(
                new Table(family.get(), chain.text(1).orElse("")),
                chain.text(3).orElse(""),
                new Hook(
                    chain.text(7).orElse(""),
                    Hook.Point.values()[point],
                    hook.networkValue(2).orElse(0)),
                chain.networkValue(5).orElse(1) == 0,
                chain.networkValue(6).orElse(0)));
      }
    }
    return found;
  }

  /** The rules of a chain that have a remark. */
  public static List<Remarked> remarked(NetlinkSocket socket, Table table, String chain) {
    NetlinkMessage message =
        new NetlinkMessage(Batch.SUBSYSTEM << 8 | GET_RULE, 1 | NetlinkMessage.DUMP)
            .u8(table.family().number())
            .u8(0)
            .u16(0)
            .text(1, table.name())
            .text(2, chain);
    List<Remarked> found = new ArrayList<>();
    for (NetlinkReply reply : socket.ask("list rules of '" + chain + "'", message)) {
      NetlinkAttributes rule = reply.attributes(BODY);
      if (rule.text(1).orElse("").equals(table.name()) && rule.text(2).orElse("").equals(chain)) {
        rule.bytes(7).ifPresent(remark -> found.add(new Remarked(handle(rule), text(remark))));
      }
    }
    return found;
  }

  private static long handle(NetlinkAttributes rule) {
    return rule.bytes(3)
        .map(bytes -> bytes.order(java.nio.ByteOrder.BIG_ENDIAN).getLong())
        .orElse(0L);
  }

  private static String text(ByteBuffer buffer) {
    return StandardCharsets.UTF_8.decode(buffer).toString();
  }

  private static List<NetlinkReply> dump(NetlinkSocket socket, String what, int type) {
    NetlinkMessage message =
        new NetlinkMessage(Batch.SUBSYSTEM << 8 | type, 1 | NetlinkMessage.DUMP).u8(0).u8(0).u16(0);
    return socket.ask(what, message);
  }

  private static Optional<Family> family(NetlinkReply reply) {
    int number = reply.body().get(0);
    for (Family family : Family.values()) {
      if (family.number() == number) {
        return Optional.of(family);
      }
    }
    return Optional.empty();
  }
}
