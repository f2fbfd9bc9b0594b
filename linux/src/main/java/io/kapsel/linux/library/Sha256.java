package io.kapsel.linux.library;

import io.kapsel.linux.HostLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * SHA-256 by libcrypto, which uses the instructions that processors have for it; see SHA256(3ssl).
 * The JDK's own does so only in code of its optimizing compiler, which the engine has not.
 */
public final class Sha256 extends MessageDigest {
  private static final int BLOCK = 64 << 10;
  private static final int STATE = 256; // SHA256_CTX has 112
  private static final int LENGTH = 32;
  private static final @Nullable Functions FUNCTIONS = Functions.find();

  private final Functions functions;
  private final MemorySegment state;
  private final MemorySegment block;

  private Sha256(Functions functions) {
    super("SHA-256");
    this.functions = functions;
    MemorySegment memory = Arena.ofAuto().allocate(STATE + BLOCK, 64);
    this.state = memory.asSlice(0, STATE);
    this.block = memory.asSlice(STATE, BLOCK);
    engineReset();
  }

  private record Functions(
      HostLibrary.Function init, HostLibrary.Function update, HostLibrary.Function finish) {
    static @Nullable Functions find() {
      return HostLibrary.open(List.of("libcrypto.so.3", "libcrypto.so.1.1"))
          .filter(it -> it.has(List.of("SHA256_Init", "SHA256_Update", "SHA256_Final")))
          .map(it ->
              new Functions(
                  it.function("SHA256_Init"),
                  it.function("SHA256_Update"),
                  it.function("SHA256_Final")))
          .orElse(null);
    }
  }

  /** A computation by the host's library, else by the JDK. */
  public static MessageDigest start() {
    return library().orElseGet(Sha256::java);
  }

  /** A computation by the host's library, if it has one. */
  static Optional<MessageDigest> library() {
    return Optional.ofNullable(FUNCTIONS).map(Sha256::new);
  }

  static MessageDigest java() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private void call(HostLibrary.Function function, long... arguments) {
    try {
      function.call(arguments);
    } finally {
      Reference.reachabilityFence(this); // the memory lives as long as this does
    }
  }

  @Override
  protected int engineGetDigestLength() {
    return LENGTH;
  }

  @Override
  protected void engineUpdate(byte input) {
    engineUpdate(new byte[] {input}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] input, int offset, int length) {
    for (int done = 0; done < length; ) {
      int count = Math.min(BLOCK, length - done);
      MemorySegment.copy(input, offset + done, block, ValueLayout.JAVA_BYTE, 0, count);
      call(functions.update, state.address(), block.address(), count);
      done += count;
    }
  }

  @Override
  protected void engineUpdate(ByteBuffer input) {
    if (!input.isDirect()) {
      super.engineUpdate(input);
      return;
    }
    MemorySegment memory = MemorySegment.ofBuffer(input);
    call(functions.update, state.address(), memory.address(), memory.byteSize());
    input.position(input.limit());
  }

  @Override
  protected byte[] engineDigest() {
    call(functions.finish, block.address(), state.address());
    byte[] digest = block.asSlice(0, LENGTH).toArray(ValueLayout.JAVA_BYTE);
    engineReset();
    return digest;
  }

  @Override
  protected void engineReset() {
    call(functions.init, state.address());
  }
}
