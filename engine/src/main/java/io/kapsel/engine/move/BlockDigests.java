package io.kapsel.engine.move;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the blocks of a file had when they were sent: a digest of 128 bits for each, none for one of
 * zeros alone. Stretches of zeros take no room.
 */
final class BlockDigests {
  /** Bytes of a block. */
  static final int BLOCK = 1 << 16;

  private static final int DIGEST = 16;
  private static final int BLOCKS_OF_PAGE = 256;

  private static final byte[] NONE = {};
  private static final byte[] ZEROS = new byte[BLOCK];

  private final List<byte[]> pages = new ArrayList<>(0);

  /** Notes what a block has now; whether that is something else than before. */
  boolean note(long block, byte[] bytes, int length, MessageDigest computation) {
    byte[] now = digest(computation, bytes, length);
    if (Arrays.equals(now, at(block))) {
      return false;
    }
    put(block, now);
    return true;
  }

  /** Notes that a block has only zeros now; whether it had something else. */
  boolean noteZeros(long block) {
    boolean had = at(block).length > 0;
    if (had) {
      put(block, new byte[DIGEST]);
    }
    return had;
  }

  /** The file has become so short that it has no more blocks than that. */
  void cut(long blocks) {
    for (long block = blocks; block < (long) pages.size() * BLOCKS_OF_PAGE; block++) {
      boolean _ = noteZeros(block);
    }
  }

  static boolean isZero(byte[] bytes, int length) {
    return Arrays.equals(bytes, 0, length, ZEROS, 0, length);
  }

  private static byte[] digest(MessageDigest computation, byte[] bytes, int length) {
    computation.update(bytes, 0, length);
    byte[] all = Arrays.copyOf(computation.digest(), DIGEST);
    all[0] |= 1; // never that of zeros
    return all;
  }

  private byte[] at(long block) {
    int page = (int) (block / BLOCKS_OF_PAGE);
    byte[] found = page < pages.size() ? pages.get(page) : NONE;
    int from = (int) (block % BLOCKS_OF_PAGE) * DIGEST;
    if (from >= found.length) {
      return NONE;
    }
    byte[] digest = Arrays.copyOfRange(found, from, from + DIGEST);
    return isZero(digest, DIGEST) ? NONE : digest;
  }

  /** The last page is as long as it must be: most files have one block. */
  private void put(long block, byte[] digest) {
    int page = (int) (block / BLOCKS_OF_PAGE);
    while (page >= pages.size()) {
      pages.add(NONE);
    }
    int from = (int) (block % BLOCKS_OF_PAGE) * DIGEST;
    byte[] found = pages.get(page);
    if (from + DIGEST > found.length) {
      int wanted = Math.min(Math.max(from + DIGEST, found.length * 2), BLOCKS_OF_PAGE * DIGEST);
      found = Arrays.copyOf(found, wanted);
      pages.set(page, found);
    }
    System.arraycopy(digest, 0, found, from, DIGEST);
  }
}
