package io.kapsel.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Requests about what a link sends, and how fast; tc-htb(8), linux/pkt_sched.h. */
public final class Shaping {
  private static final int NEW_DISCIPLINE = 36;
  private static final int NEW_CLASS = 40;
  private static final int KIND = 1;
  private static final int OPTIONS = 2;
  private static final int HTB_CLASS = 1;
  private static final int HTB_INIT = 2;
  private static final int HTB_RATE64 = 6;
  private static final int HTB_CEILING64 = 7;
  private static final int ROOT = 0xffffffff;
  private static final int DISCIPLINE = 0x10000;
  private static final int CLASS = 0x10001;
  private static final int VERSION = 3;
  private static final int ETHERNET = 1;
  private static final int TICK_SHIFT = 6;
  private static final int QUANTUM = 60_000;
  private static final long LARGEST_RATE = 0xffffffffL;
  private static final long NANOS = 1_000_000_000;

  /** What the kernel sends at once: a segment that a card would cut, and a bit more. */
  private static final long LEAST_BURST = 128 * 1024;

  private Shaping() {}

  /** Lets a link send so many bits in a second; what is more waits for a tenth of a second. */
  public static List<NetlinkMessage> limit(int link, long bitsPerSecond) {
    long rate = Math.max(1, bitsPerSecond / 8);
    long burst = Math.max(LEAST_BURST, rate / 100);
    long queue = Math.max(2 * LEAST_BURST, rate / 10);
    NetlinkMessage root =
        begin(NEW_DISCIPLINE, link, DISCIPLINE, ROOT, "htb")
            .nested(OPTIONS, it -> it.bytes(HTB_INIT, words(VERSION, 10, 1, 0, 0)));
    NetlinkMessage only =
        begin(NEW_CLASS, link, CLASS, DISCIPLINE, "htb")
            .nested(
                OPTIONS,
                it -> {
                  it.bytes(HTB_CLASS, htbClass(rate, burst));
                  if (rate > LARGEST_RATE) {
                    it.bytes(HTB_RATE64, eight(rate)).bytes(HTB_CEILING64, eight(rate));
                  }
                });
    NetlinkMessage waiting =
        begin(NEW_DISCIPLINE, link, 2 * DISCIPLINE, CLASS, "bfifo")
            .bytes(OPTIONS, words((int) Math.min(queue, Integer.MAX_VALUE)));
    return List.of(root, only, waiting);
  }

  /** {@code struct tc_htb_opt}. */
  private static byte[] htbClass(long rate, long burst) {
    ByteBuffer all = ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 2; i++) { // the rate, and the ceiling
      all.put((byte) 0).put((byte) ETHERNET).putShort((short) 0).putInt(0);
      all.putInt((int) Math.min(rate, LARGEST_RATE));
    }
    int ticks = (int) Math.min(Integer.MAX_VALUE, (burst * NANOS / rate) >> TICK_SHIFT);
    return all.putInt(ticks).putInt(ticks).putInt(QUANTUM).putInt(0).putInt(0).array();
  }

  private static byte[] words(int... values) {
    ByteBuffer all = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      all.putInt(value);
    }
    return all.array();
  }

  private static byte[] eight(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  private static NetlinkMessage begin(int type, int link, int handle, int parent, String kind) {
    return new NetlinkMessage(
            type, NetlinkMessage.DO | NetlinkMessage.CREATE | NetlinkMessage.REPLACE)
        .u8(0)
        .u8(0)
        .u16(0)
        .u32(link)
        .u32(handle)
        .u32(parent)
        .u32(0)
        .text(KIND, kind);
  }
}
