package io.kapsel.linux.socket;

/** Who made the other end of a connection; SO_PEERCRED in unix(7). */
public record Credentials(int pid, int uid, int gid) {
  static final int SIZE = 12;
}
