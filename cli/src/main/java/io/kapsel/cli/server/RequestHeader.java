package io.kapsel.cli.server;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The fixed part of a request, which says what follows. Everything in it came from outside and is
 * checked before it is used as a length or a count.
 */
record RequestHeader(
    int length, int words, int variables, int flags, int umask, short rows, short columns) {
  static final int SIZE = 32;
  static final int MAGIC = 0x5350414b;
  static final int VERSION = 1;
  static final int LONGEST = 4 << 20;

  private static final int PERMISSIONS = 0777;

  /** Reads the fixed part. */
  static RequestHeader parse(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    if (in.remaining() != SIZE || in.getInt() != MAGIC) {
      throw new ProtocolException("this is not a request of the kapsel client");
    }
    int version = in.getInt();
    if (version != VERSION) {
      throw new ProtocolException(
          "the client speaks version " + version + " of the protocol, the engine " + VERSION);
    }
    RequestHeader header =
        new RequestHeader(
            in.getInt(),
            in.getInt(),
            in.getInt(),
            in.getInt(),
            in.getInt() & PERMISSIONS,
            in.getShort(),
            in.getShort());
    header.check();
    return header;
  }

  private void check() {
    if (length < 0 || length > LONGEST) {
      throw new ProtocolException("a request may be at most " + LONGEST + " bytes long");
    }
    if (words < 1 || words > length || variables < 0 || variables > length) {
      throw new ProtocolException("the request's counts do not fit its length");
    }
  }

  /** Reads what follows the fixed part, which process {@code pid} sent. */
  Request body(byte[] body, int pid) {
    List<String> strings = split(body);
    if (strings.size() != words + variables + 1) {
      throw new ProtocolException("the request's counts do not fit its text");
    }
    return new Request(
        strings.subList(0, words),
        strings.subList(words, words + variables),
        directory(strings.getLast()),
        new Request.Terminals((flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0),
        umask,
        new Request.WindowSize(rows, columns),
        pid);
  }

  private List<String> split(byte[] body) {
    List<String> strings = new ArrayList<>(words + 64);
    int start = 0;
    for (int at = 0; at < body.length; at++) {
      if (body[at] == 0) {
        strings.add(text(body, start, at - start, strings.size()));
        start = at + 1;
      }
    }
    if (start != body.length) {
      throw new ProtocolException("the request does not end where its text ends");
    }
    return strings;
  }

  /** A word that is not UTF-8 is refused, not mangled; a variable that is not is never used. */
  private String text(byte[] body, int start, int size, int index) {
    if (index >= words && index < words + variables) {
      return new String(body, start, size, StandardCharsets.UTF_8);
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(body, start, size))
          .toString();
    } catch (CharacterCodingException e) {
      String what = index < words ? "argument " + index : "the working directory";
      throw new ProtocolException(what + " is not valid UTF-8");
    }
  }

  private static Path directory(String text) {
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException e) {
      throw new ProtocolException("the working directory cannot be used: " + e.getReason());
    }
    // A deleted or unreachable directory has no absolute name; relative paths then start at /.
    return Path.of("/");
  }
}
