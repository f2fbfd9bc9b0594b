package io.kapsel.linux.poll;

import io.kapsel.linux.Abi;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The structure epoll_event; packed on x86-64 only. */
final class EpollEvent {
  static final int SIZE = Abi.host() == Abi.X86_64 ? 12 : 16;
  static final int TOKEN = SIZE - 8;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt HALF = ValueLayout.JAVA_INT_UNALIGNED;

  private EpollEvent() {}

  static void put(MemorySegment event, int events, long token) {
    event.set(HALF, 0, events);
    event.set(WORD, TOKEN, token);
  }

  static int events(MemorySegment array, int index) {
    return array.get(HALF, (long) index * SIZE);
  }

  static long token(MemorySegment array, int index) {
    return array.get(WORD, (long) index * SIZE + TOKEN);
  }
}
