package io.kapsel.network.dns;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The latest answers to one container, found again by the bytes of the query: without it each
 * answer leaves a dozen objects behind, and whoever asks much waits for their collection. Only one
 * thread uses it.
 */
final class KnownAnswers {
  private static final int ENTRIES = 64;
  private static final int LONGEST = 160;
  private static final int ID = 2;

  private static final class Known {
    final long edition;
    final byte[] query;
    final byte[] answer;

    Known(long edition, byte[] query, byte[] answer) {
      this.edition = edition;
      this.query = query;
      this.answer = answer;
    }
  }

  private @Nullable Known @Nullable [] entries;

  /**
   * Puts the answer into {@code answer}, if it is known; whether it is.
   *
   * @param edition of what is known of names: an answer from another one is none
   */
  boolean find(ByteBuffer query, long edition, ByteBuffer answer) {
    if (entries == null || !fits(query)) {
      return false;
    }
    Known known = entries[place(query)];
    if (known == null || known.edition != edition || !equals(known.query, query)) {
      return false;
    }
    answer.clear().put(known.answer).flip();
    answer.putShort(0, query.getShort(query.position()));
    return true;
  }

  /** Keeps an answer that would be the same next time. */
  void keep(ByteBuffer query, long edition, ByteBuffer answer) {
    if (!fits(query)) {
      return;
    }
    if (entries == null) {
      entries = new Known[ENTRIES];
    }
    entries[place(query)] = new Known(edition, bytes(query), bytes(answer));
  }

  private static boolean fits(ByteBuffer query) {
    return query.remaining() > ID && query.remaining() <= LONGEST;
  }

  private static byte[] bytes(ByteBuffer from) {
    byte[] all = new byte[from.remaining()];
    from.get(from.position(), all);
    return all;
  }

  private static int place(ByteBuffer query) {
    int hash = 0;
    for (int i = query.position() + ID; i < query.limit(); i++) {
      hash = 31 * hash + query.get(i);
    }
    return (hash ^ (hash >>> 16)) & (ENTRIES - 1);
  }

  /** But for the number of the query. */
  private static boolean equals(byte[] known, ByteBuffer query) {
    if (known.length != query.remaining()) {
      return false;
    }
    for (int i = ID; i < known.length; i++) {
      if (known[i] != query.get(query.position() + i)) {
        return false;
      }
    }
    return true;
  }
}
