package io.kapsel.linux.library;

import io.kapsel.linux.HostLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Unpacks zstd by the host's libzstd; see zstd.h, "Streaming decompression". */
public final class Zstd extends Decoder {
  private static final int WINDOW_LOG_MAX = 100;
  private static final List<String> NAMES =
      List.of(
          "ZSTD_createDStream",
          "ZSTD_freeDStream",
          "ZSTD_DCtx_setParameter",
          "ZSTD_decompressStream",
          "ZSTD_isError",
          "ZSTD_getErrorName");
  private static final Optional<HostLibrary> LIBRARY =
      HostLibrary.open(List.of("libzstd.so.1")).filter(it -> it.has(NAMES));
  private static final @Nullable Functions FUNCTIONS = LIBRARY.map(Functions::new).orElse(null);

  private final Functions functions;
  private final long stream;
  private final MemorySegment input = allocate(24);
  private final MemorySegment output = allocate(24);
  private long wanted;

  private static final class Functions {
    private final HostLibrary.Function create;
    private final HostLibrary.Function free;
    private final HostLibrary.Function set;
    private final HostLibrary.Function decode;
    private final HostLibrary.Function isError;
    private final HostLibrary.Function errorName;

    Functions(HostLibrary library) {
      create = library.function(NAMES.get(0));
      free = library.function(NAMES.get(1));
      set = library.function(NAMES.get(2));
      decode = library.function(NAMES.get(3));
      isError = library.function(NAMES.get(4));
      errorName = library.function(NAMES.get(5));
    }
  }

  private Zstd(Functions functions, InputStream packed, int windowLog) throws IOException {
    super(packed);
    this.functions = functions;
    this.stream = functions.create.call();
    if (stream == 0) {
      throw new IOException("libzstd has no memory");
    }
    functions.set.call(stream, WINDOW_LOG_MAX, windowLog);
    input.set(ValueLayout.JAVA_LONG, 0, in().address());
    output.set(ValueLayout.JAVA_LONG, 0, out().address());
    output.set(ValueLayout.JAVA_LONG, 8, out().byteSize());
  }

  /**
   * The plain bytes of {@code packed}, if the host has the library.
   *
   * @param windowLog two to this is how far back, in bytes, packed data may refer: what more needs
   *     is refused
   */
  public static Optional<InputStream> open(InputStream packed, int windowLog) throws IOException {
    Functions there = FUNCTIONS;
    return there == null ? Optional.empty() : Optional.of(new Zstd(there, packed, windowLog));
  }

  @Override
  void feed(int count) {
    input.set(ValueLayout.JAVA_LONG, 8, count);
    input.set(ValueLayout.JAVA_LONG, 16, 0);
  }

  @Override
  boolean hungry() {
    return input.get(ValueLayout.JAVA_LONG, 16) == input.get(ValueLayout.JAVA_LONG, 8);
  }

  @Override
  int decode(boolean last) throws IOException {
    output.set(ValueLayout.JAVA_LONG, 16, 0);
    if (hungry() && whole()) {
      return 0; // it would begin to wait for one more frame
    }
    long result = functions.decode.call(stream, output.address(), input.address());
    if ((int) functions.isError.call(result) != 0) {
      throw new IOException("it is not zstd, or damaged: " + text(functions.errorName, result));
    }
    wanted = result;
    return (int) output.get(ValueLayout.JAVA_LONG, 16);
  }

  @Override
  boolean whole() {
    return wanted == 0;
  }

  @Override
  void free() {
    functions.free.call(stream);
  }
}
