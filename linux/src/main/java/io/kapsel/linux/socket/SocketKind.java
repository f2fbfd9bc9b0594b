package io.kapsel.linux.socket;

/** How a Unix socket keeps what was written apart; see unix(7). */
public enum SocketKind {
  /** Bytes without borders, SOCK_STREAM. */
  STREAM(1),
  /** Messages, each by itself, SOCK_DGRAM. */
  DATAGRAMS(2),
  /** Messages, in order, SOCK_SEQPACKET. */
  MESSAGES(5);

  private final int number;

  SocketKind(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
