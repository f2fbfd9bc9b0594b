package io.kapsel.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One message from the kernel: its type and what follows its head.
 *
 * @param port of the socket whose request it answers or tells of; see {@link NetlinkSocket#port}
 */
public record NetlinkReply(int type, int port, ByteBuffer body) {
  /** The body, to be read from its begin on. */
  @Override
  public ByteBuffer body() {
    return body.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The attributes behind a fixed part of that many bytes. */
  public NetlinkAttributes attributes(int fixed) {
    return body.limit() < fixed
        ? NetlinkAttributes.read(ByteBuffer.allocate(0))
        : NetlinkAttributes.read(body().position(fixed));
  }
}
