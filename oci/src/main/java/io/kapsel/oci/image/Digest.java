package io.kapsel.oci.image;

import io.kapsel.oci.InvalidSpecException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What some bytes are called after their content: {@code sha256:…}; see image-spec, descriptor.md,
 * "Digests". Only the algorithms that the specification registers and that are still safe exist.
 */
public record Digest(Algorithm algorithm, String hex) {
  /** A registered algorithm. */
  public enum Algorithm {
    /** SHA-256. */
    SHA256("sha256", "SHA-256", 64),
    /** SHA-512. */
    SHA512("sha512", "SHA-512", 128);

    private final String label;
    private final String java;
    private final int digits;

    Algorithm(String label, String java, int digits) {
      this.label = label;
      this.java = java;
      this.digits = digits;
    }

    /** What stands before the colon. */
    public String label() {
      return label;
    }

    /** Hexadecimal digits of a digest. */
    public int digits() {
      return digits;
    }

    /** A computation of one. */
    public MessageDigest start() {
      try {
        return MessageDigest.getInstance(java);
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError("every JDK has " + java, e);
      }
    }
  }

  /** Checks the number and kind of the digits, so that a digest is always safe as a file's name. */
  public Digest {
    if (hex.length() != algorithm.digits || !isHex(hex)) {
      throw new InvalidSpecException("digest", algorithm.label + ":" + shortened(hex), "is none");
    }
  }

  /** Reads {@code algorithm:digits}. */
  public static Digest parse(String text) {
    return find(text)
        .orElseThrow(() -> new InvalidSpecException("digest", shortened(text), "is none"));
  }

  /** The same; nothing when it is none. */
  public static Optional<Digest> find(String text) {
    for (Algorithm each : Algorithm.values()) {
      int start = each.label.length() + 1;
      if (text.startsWith(each.label + ":")
          && text.length() == start + each.digits
          && isHex(text.substring(start))) {
        return Optional.of(new Digest(each, text.substring(start)));
      }
    }
    return Optional.empty();
  }

  /** The SHA-256 of {@code bytes}. */
  public static Digest of(byte[] bytes) {
    return finish(Algorithm.SHA256, digest(Algorithm.SHA256, bytes));
  }

  /** What a computation has come to. */
  public static Digest finish(Algorithm algorithm, MessageDigest computation) {
    return new Digest(algorithm, HexFormat.of().formatHex(computation.digest()));
  }

  /** Whether {@code bytes} are what this digest stands for. */
  public boolean matches(byte[] bytes) {
    return finish(algorithm, digest(algorithm, bytes)).equals(this);
  }

  /** The first twelve digits, for listings. */
  public String abbreviated() {
    return hex.substring(0, 12);
  }

  @Override
  public String toString() {
    return algorithm.label + ":" + hex;
  }

  private static MessageDigest digest(Algorithm algorithm, byte[] bytes) {
    MessageDigest computation = algorithm.start();
    computation.update(bytes);
    return computation;
  }

  private static boolean isHex(String text) {
    return text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }

  private static String shortened(String text) {
    return text.length() <= 140 ? text : text.substring(0, 140) + "…";
  }
}
