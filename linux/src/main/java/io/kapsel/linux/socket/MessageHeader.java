package io.kapsel.linux.socket;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The structures msghdr, iovec and cmsghdr; see recvmsg(2) and cmsg(3). */
final class MessageHeader {
  static final int SIZE = 56;
  static final int VECTOR = 16;
  static final int CONTROL_HEAD = 16;
  static final int VECTORS = 16;
  static final int VECTOR_COUNT = 24;
  static final int CONTROL = 32;
  static final int CONTROL_LENGTH = 40;
  static final int FLAGS = 48;
  static final int CONTROL_LEVEL = 8;
  static final int CONTROL_TYPE = 12;

  /** SCM_MAX_FD: more descriptors the kernel does not send at once. */
  static final int MOST = 253;

  private static final ValueLayout.OfInt HALF = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int SCM_CREDENTIALS = 2;

  private final MemorySegment header;
  private final MemorySegment control;

  private MessageHeader(MemorySegment header, MemorySegment control) {
    this.header = header;
    this.control = control;
  }

  /** For a message of {@code length} bytes at {@code memory} with room for control data. */
  static MessageHeader of(Scratch scratch, MemorySegment memory, int length, int descriptors) {
    MemorySegment header = scratch.allocate(SIZE);
    MemorySegment vector = scratch.allocate(VECTOR);
    vector.set(WORD, 0, memory.address());
    vector.set(WORD, 8, length);
    header.set(WORD, VECTORS, vector.address());
    header.set(WORD, VECTOR_COUNT, 1);
    long room = descriptors == 0 ? 0 : space(descriptors);
    MemorySegment control = scratch.allocate(Math.max(room, CONTROL_HEAD));
    if (room > 0) {
      header.set(WORD, CONTROL, control.address());
      header.set(WORD, CONTROL_LENGTH, room);
    }
    return new MessageHeader(header, control);
  }

  /** For a message that is to look as if that process had sent it. */
  static MessageHeader from(Scratch scratch, MemorySegment memory, int length, Credentials sender) {
    MessageHeader header = of(scratch, memory, length, Credentials.SIZE / 4);
    MemorySegment control = header.control;
    control.set(WORD, 0, CONTROL_HEAD + Credentials.SIZE);
    control.set(HALF, CONTROL_LEVEL, SOL_SOCKET);
    control.set(HALF, CONTROL_TYPE, SCM_CREDENTIALS);
    control.set(HALF, CONTROL_HEAD, sender.pid());
    control.set(HALF, CONTROL_HEAD + 4, sender.uid());
    control.set(HALF, CONTROL_HEAD + 8, sender.gid());
    return header;
  }

  long address() {
    return header.address();
  }

  int flags() {
    return header.get(HALF, FLAGS);
  }

  void attach(List<Fd.Lease> leases) {
    control.set(WORD, 0, CONTROL_HEAD + 4L * leases.size());
    control.set(HALF, CONTROL_LEVEL, SOL_SOCKET);
    control.set(HALF, CONTROL_TYPE, SCM_RIGHTS);
    for (int i = 0; i < leases.size(); i++) {
      control.set(HALF, CONTROL_HEAD + 4L * i, leases.get(i).number());
    }
  }

  /** The descriptors that a received message holds. */
  List<Fd> descriptors() {
    List<Fd> found = new ArrayList<>();
    long end = header.get(WORD, CONTROL_LENGTH);
    long at = 0;
    while (at + CONTROL_HEAD <= end) {
      long length = control.get(WORD, at);
      if (length < CONTROL_HEAD || at + length > end) {
        break;
      }
      if (control.get(HALF, at + CONTROL_LEVEL) == SOL_SOCKET
          && control.get(HALF, at + CONTROL_TYPE) == SCM_RIGHTS) {
        for (long each = at + CONTROL_HEAD; each + 4 <= at + length; each += 4) {
          found.add(Fd.adopt(control.get(HALF, each)));
        }
      }
      at += (length + 7) & ~7L;
    }
    return found;
  }

  /** Who sent a received message, if the socket asks for that. */
  Optional<Credentials> credentials() {
    long end = header.get(WORD, CONTROL_LENGTH);
    long at = 0;
    while (at + CONTROL_HEAD + Credentials.SIZE <= end) {
      long length = control.get(WORD, at);
      if (length < CONTROL_HEAD || at + length > end) {
        break;
      }
      if (control.get(HALF, at + CONTROL_LEVEL) == SOL_SOCKET
          && control.get(HALF, at + CONTROL_TYPE) == SCM_CREDENTIALS) {
        long from = at + CONTROL_HEAD;
        return Optional.of(
            new Credentials(
                control.get(HALF, from), control.get(HALF, from + 4), control.get(HALF, from + 8)));
      }
      at += (length + 7) & ~7L;
    }
    return Optional.empty();
  }

  private static long space(int descriptors) {
    return CONTROL_HEAD + ((4L * descriptors + 7) & ~7L);
  }
}
