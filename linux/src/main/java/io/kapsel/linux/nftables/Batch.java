package io.kapsel.linux.nftables;

import io.kapsel.linux.netlink.NetlinkMessage;
import io.kapsel.linux.netlink.NetlinkSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Changes that the kernel makes together or not at all. */
public final class Batch {
  static final int SUBSYSTEM = 10;
  static final int NEW_TABLE = 0;
  static final int GET_TABLE = 1;
  static final int DELETE_TABLE = 2;
  static final int NEW_CHAIN = 3;
  static final int GET_CHAIN = 4;
  static final int NEW_RULE = 6;
  static final int DELETE_RULE = 8;
  static final int NEW_SET = 9;
  private static final int DELETE_SET = 11;
  static final int NEW_ELEMENT = 12;
  static final int DELETE_ELEMENT = 14;
  private static final int DELETE_CHAIN = 5;
  private static final int BEGIN = 16;
  private static final int END = 17;
  private static final int REQUEST = 1;
  private static final int AT_ONCE = 400;
  private static final int MAP = 8;
  private static final int TIMEOUT = 0x10;
  private static final int EVALUATED = 0x20;
  private static final int INTERVALS = 4;
  private static final int CONCATENATION = 0x80;
  private static final int VERDICTS = 0xffffff00;

  private final List<NetlinkMessage> messages = new ArrayList<>();
  private int sets;

  /** Without any change. */
  public Batch() {}

  /** Makes a table, unless it is there. */
  public Batch table(Table table) {
    return add(begin(NEW_TABLE, table.family(), NetlinkMessage.CREATE).text(1, table.name()));
  }

  /** Removes a table and all that is in it; it must be there. */
  public Batch remove(Table table) {
    return add(begin(DELETE_TABLE, table.family(), 0).text(1, table.name()));
  }

  /** Makes a table anew: nothing of an earlier one is left. */
  public Batch replace(Table table) {
    return table(table).remove(table).table(table);
  }

  /** Makes a chain that others jump to. */
  public Batch chain(Table table, String name) {
    return add(chain(table).text(3, name));
  }

  /** Makes a chain that the kernel calls; what is not dropped in it passes. */
  public Batch chain(Table table, String name, Hook hook) {
    return add(
        chain(table)
            .text(3, name)
            .nested(
                4,
                at -> at.networkValue(1, hook.point().ordinal()).networkValue(2, hook.priority()))
            .networkValue(5, Verdict.ACCEPT.code())
            .text(7, hook.type()));
  }

  private static NetlinkMessage chain(Table table) {
    return begin(NEW_CHAIN, table.family(), NetlinkMessage.CREATE).text(1, table.name());
  }

  /** Removes a chain and its rules. */
  public Batch removeChain(Table table, String name) {
    flush(table, name);
    return add(begin(DELETE_CHAIN, table.family(), 0).text(1, table.name()).text(3, name));
  }

  /** Removes all rules of a chain. */
  public Batch flush(Table table, String chain) {
    return add(begin(DELETE_RULE, table.family(), 0).text(1, table.name()).text(2, chain));
  }

  /** Appends a rule to a chain. */
  public Batch rule(Table table, String chain, Rule rule) {
    int flags = NetlinkMessage.CREATE | NetlinkMessage.APPEND;
    return add(
        begin(NEW_RULE, table.family(), flags)
            .text(1, table.name())
            .text(2, chain)
            .nested(4, rule::write));
  }

  /** The same with a remark by which it is found again. */
  public Batch rule(Table table, String chain, Rule rule, String remark) {
    rule(table, chain, rule);
    messages.getLast().bytes(7, remark.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** Removes a set; nothing may look into it any more. */
  public Batch removeSet(NamedSet set) {
    return add(
        begin(DELETE_SET, set.table().family(), 0).text(1, set.table().name()).text(2, set.name()));
  }

  /** Removes one rule. */
  public Batch removeRule(Table table, String chain, long handle) {
    return add(
        begin(DELETE_RULE, table.family(), 0)
            .text(1, table.name())
            .text(2, chain)
            .networkLong(3, handle));
  }

  /** Makes a set or a map. */
  public Batch set(NamedSet set) {
    NetlinkMessage message =
        begin(NEW_SET, set.table().family(), NetlinkMessage.CREATE)
            .text(1, set.table().name())
            .text(2, set.name())
            .networkValue(3, flags(set))
            .networkValue(4, Field.type(set.key()))
            .networkValue(5, Field.length(set.key()));
    if (set.verdicts()) {
      message.networkValue(6, VERDICTS).networkValue(7, 0);
    } else if (!set.value().isEmpty()) {
      message.networkValue(6, Field.type(set.value())).networkValue(7, Field.length(set.value()));
    }
    if (set.spans()) {
      message.nested(9, description -> description.nested(2, parts -> lengths(parts, set)));
    }
    if (set.seconds() > 0) {
      message.networkLong(11, set.seconds() * 1000L);
    }
    return add(message.networkValue(10, ++sets));
  }

  private static void lengths(NetlinkMessage parts, NamedSet set) {
    set.key().forEach(each -> parts.nested(1, part -> part.networkValue(1, each.length())));
  }

  private static int flags(NamedSet set) {
    return (set.spans() ? INTERVALS | CONCATENATION : 0) | kind(set);
  }

  private static int kind(NamedSet set) {
    return (set.verdicts() || !set.value().isEmpty() ? MAP : 0)
        | (set.seconds() > 0 ? TIMEOUT | EVALUATED : 0);
  }

  /** Adds elements; the same element may be there, another value for its key may not. */
  public Batch elements(NamedSet set, List<NamedSet.Element> elements) {
    return elements(NEW_ELEMENT, NetlinkMessage.CREATE, set, elements);
  }

  /** Adds elements whose keys must not be there. */
  public Batch newElements(NamedSet set, List<NamedSet.Element> elements) {
    return elements(NEW_ELEMENT, NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE, set, elements);
  }

  /** Removes elements, which must be there. */
  public Batch removeElements(NamedSet set, List<NamedSet.Element> elements) {
    return elements(DELETE_ELEMENT, 0, set, elements);
  }

  private Batch elements(int type, int flags, NamedSet set, List<NamedSet.Element> elements) {
    for (int from = 0; from < elements.size(); from += AT_ONCE) {
      List<NamedSet.Element> some =
          elements.subList(from, Math.min(elements.size(), from + AT_ONCE));
      add(
          begin(type, set.table().family(), flags)
              .text(1, set.table().name())
              .text(2, set.name())
              .nested(3, list -> some.forEach(each -> element(list, each))));
    }
    return this;
  }

  private static void element(NetlinkMessage list, NamedSet.Element each) {
    list.nested(
        1,
        element -> {
          element.nested(1, key -> key.bytes(1, each.key()));
          if (each.last().length > 0) {
            element.nested(10, last -> last.bytes(1, each.last()));
          }
          if (each.value().length > 0) {
            element.nested(2, value -> value.bytes(1, each.value()));
          } else if (!each.verdict().equals(Verdict.NONE)) {
            each.verdict().write(element, 2);
          }
          if (each.millis() > 0) {
            element.networkLong(4, each.millis());
          }
        });
  }

  /** Whether nothing is to be changed. */
  public boolean isEmpty() {
    return messages.isEmpty();
  }

  /** Everything as it is sent. */
  List<NetlinkMessage> messages() {
    List<NetlinkMessage> all = new ArrayList<>();
    all.add(new NetlinkMessage(BEGIN, REQUEST).u8(0).u8(0).u16(Short.reverseBytes((short) 10)));
    all.addAll(messages);
    all.add(new NetlinkMessage(END, REQUEST).u8(0).u8(0).u16(Short.reverseBytes((short) 10)));
    return all;
  }

  /** Makes the changes; {@code what} they are is for the message of a failure. */
  public void commit(NetlinkSocket socket, String what) {
    if (!isEmpty()) {
      socket.transact(what, messages());
    }
  }

  private Batch add(NetlinkMessage message) {
    messages.add(message);
    return this;
  }

  static NetlinkMessage begin(int type, Family family, int flags) {
    return new NetlinkMessage(SUBSYSTEM << 8 | type, REQUEST | flags)
        .u8(family.number())
        .u8(0)
        .u16(0);
  }
}
