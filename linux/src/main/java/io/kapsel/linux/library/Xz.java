package io.kapsel.linux.library;

import io.kapsel.linux.HostLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Unpacks xz by the host's liblzma; see lzma/base.h and lzma/container.h. */
public final class Xz extends Decoder {
  private static final int MEBIBYTE = 1 << 20;
  private static final int STREAM = 256; // lzma_stream has 136
  private static final int CONCATENATED = 8;
  private static final int RUN = 0;
  private static final int FINISH = 3;
  private static final int OK = 0;
  private static final int STREAM_END = 1;
  private static final int NO_CHECK = 2;
  private static final int MEMORY_LIMIT = 6;
  private static final int BUFFER_ERROR = 10;
  private static final List<String> NAMES =
      List.of("lzma_stream_decoder", "lzma_code", "lzma_end", "lzma_memusage");
  private static final Optional<HostLibrary> LIBRARY =
      HostLibrary.open(List.of("liblzma.so.5")).filter(it -> it.has(NAMES));
  private static final @Nullable Functions FUNCTIONS = LIBRARY.map(Functions::new).orElse(null);

  private final Functions functions;
  private final MemorySegment stream = allocate(STREAM);
  private boolean done;

  private static final class Functions {
    private final HostLibrary.Function open;
    private final HostLibrary.Function code;
    private final HostLibrary.Function end;
    private final HostLibrary.Function memory;

    Functions(HostLibrary library) {
      open = library.function(NAMES.get(0));
      code = library.function(NAMES.get(1));
      end = library.function(NAMES.get(2));
      memory = library.function(NAMES.get(3));
    }
  }

  private Xz(Functions functions, InputStream packed, long memory) throws IOException {
    super(packed);
    this.functions = functions;
    stream.fill((byte) 0);
    int result = (int) functions.open.call(stream.address(), memory, CONCATENATED);
    if (result != OK) {
      throw new IOException("liblzma cannot begin (" + result + ")");
    }
  }

  /**
   * The plain bytes of {@code packed}, if the host has the library.
   *
   * @param memory most bytes that unpacking may take: what needs more is refused
   */
  public static Optional<InputStream> open(InputStream packed, long memory) throws IOException {
    Functions there = FUNCTIONS;
    return there == null ? Optional.empty() : Optional.of(new Xz(there, packed, memory));
  }

  @Override
  void feed(int count) {
    stream.set(ValueLayout.JAVA_LONG, 0, in().address());
    stream.set(ValueLayout.JAVA_LONG, 8, count);
  }

  @Override
  boolean hungry() {
    return stream.get(ValueLayout.JAVA_LONG, 8) == 0;
  }

  @Override
  int decode(boolean last) throws IOException {
    if (done) {
      return 0;
    }
    stream.set(ValueLayout.JAVA_LONG, 24, out().address());
    stream.set(ValueLayout.JAVA_LONG, 32, out().byteSize());
    int result = (int) functions.code.call(stream.address(), last ? FINISH : RUN);
    switch (result) {
      case OK, NO_CHECK -> {}
      case BUFFER_ERROR -> {
        if (last) {
          throw new java.io.EOFException("the packed data ends early");
        }
      }
      case STREAM_END -> done = true;
      case MEMORY_LIMIT ->
          throw new IOException(
              "to unpack it takes %d MiB of memory, more than the engine has for that"
                  .formatted((functions.memory.call(stream.address()) + MEBIBYTE - 1) / MEBIBYTE));
      default -> throw new IOException("it is not xz, or damaged (" + result + ")");
    }
    return (int) (out().byteSize() - stream.get(ValueLayout.JAVA_LONG, 32));
  }

  @Override
  boolean whole() {
    return done;
  }

  @Override
  void free() {
    functions.end.call(stream.address());
  }
}
