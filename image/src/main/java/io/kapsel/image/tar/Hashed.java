package io.kapsel.image.tar;

import io.kapsel.linux.library.Sha256;
import io.kapsel.oci.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/** A stream whose digest is known at its end. */
public final class Hashed extends Flow {
  private final Digest.Algorithm algorithm;
  private final MessageDigest computation;

  /** Over {@code in}. */
  public Hashed(InputStream in, Digest.Algorithm algorithm) {
    super(in);
    this.algorithm = algorithm;
    this.computation = start(algorithm);
  }

  /** A computation that is as fast as this host allows. */
  public static MessageDigest start(Digest.Algorithm algorithm) {
    return algorithm == Digest.Algorithm.SHA256 ? Sha256.start() : algorithm.start();
  }

  @Override
  protected void seen(byte[] bytes, int from, int count) {
    computation.update(bytes, from, count);
  }

  /** Reads what is left, for what comes after an archive belongs to its digest, and has it. */
  public Digest finish() throws IOException {
    byte[] rest = new byte[1 << 16];
    while (read(rest) >= 0) {}
    return Digest.finish(algorithm, computation);
  }
}
