package io.kapsel.engine.system;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;

/** A new key in the form of OpenSSH; see PROTOCOL.key there, and RFC 4253, 5656 and 8709. */
record OpenSshKey(String publicText, String privateText) {
  private static final int RSA_BITS = 3072;
  private static final int BLOCK = 8;
  private static final int LINE = 70;
  private static final int POINT = 32;
  private static final String CURVE = "nistp256";

  /** {@code kind} is ed25519, ecdsa or rsa. */
  static OpenSshKey generate(String kind, String comment) {
    try {
      return switch (kind) {
        case "ed25519" -> ed25519(comment);
        case "ecdsa" -> ecdsa(comment);
        case "rsa" -> rsa(comment);
        default -> throw new IllegalArgumentException("no such kind of key: " + kind);
      };
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java has these", e);
    }
  }

  private static OpenSshKey ed25519(String comment) throws GeneralSecurityException {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    byte[] point = point((EdECPublicKey) pair.getPublic());
    byte[] seed = ((EdECPrivateKey) pair.getPrivate()).getBytes().orElseThrow();
    Blob all = new Blob().text("ssh-ed25519").bytes(point);
    byte[] both = ByteBuffer.allocate(2 * POINT).put(seed).put(point).array();
    return of("ssh-ed25519", all, new Blob().raw(all).bytes(both), comment);
  }

  /** Little-endian, the highest bit says which of the two it is. */
  private static byte[] point(EdECPublicKey key) {
    byte[] number = fixed(key.getPoint().getY());
    byte[] point = new byte[POINT];
    for (int i = 0; i < POINT; i++) {
      point[i] = number[POINT - 1 - i];
    }
    if (key.getPoint().isXOdd()) {
      point[POINT - 1] |= (byte) 0x80;
    }
    return point;
  }

  private static OpenSshKey ecdsa(String comment) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair pair = generator.generateKeyPair();
    ECPublicKey open = (ECPublicKey) pair.getPublic();
    byte[] point =
        ByteBuffer.allocate(1 + 2 * POINT)
            .put((byte) 4)
            .put(fixed(open.getW().getAffineX()))
            .put(fixed(open.getW().getAffineY()))
            .array();
    String name = "ecdsa-sha2-" + CURVE;
    Blob all = new Blob().text(name).text(CURVE).bytes(point);
    Blob secret = new Blob().raw(all).number(((ECPrivateKey) pair.getPrivate()).getS());
    return of(name, all, secret, comment);
  }

  private static OpenSshKey rsa(String comment) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(RSA_BITS);
    RSAPrivateCrtKey key = (RSAPrivateCrtKey) generator.generateKeyPair().getPrivate();
    Blob all = new Blob().text("ssh-rsa").number(key.getPublicExponent()).number(key.getModulus());
    Blob secret =
        new Blob()
            .text("ssh-rsa")
            .number(key.getModulus())
            .number(key.getPublicExponent())
            .number(key.getPrivateExponent())
            .number(key.getCrtCoefficient())
            .number(key.getPrimeP())
            .number(key.getPrimeQ());
    return of("ssh-rsa", all, secret, comment);
  }

  private static byte[] fixed(BigInteger number) {
    byte[] bytes = number.toByteArray();
    byte[] fixed = new byte[POINT];
    int length = Math.min(bytes.length, POINT);
    System.arraycopy(bytes, bytes.length - length, fixed, POINT - length, length);
    return fixed;
  }

  private static OpenSshKey of(String name, Blob open, Blob secret, String comment) {
    int check = new SecureRandom().nextInt();
    Blob inner = new Blob().word(check).word(check).raw(secret).text(comment);
    for (int i = 1; inner.size() % BLOCK != 0; i++) {
      inner.raw(new byte[] {(byte) i});
    }
    Blob whole =
        new Blob()
            .raw("openssh-key-v1\0".getBytes(StandardCharsets.US_ASCII))
            .text("none")
            .text("none")
            .text("")
            .word(1)
            .bytes(open.all())
            .bytes(inner.all());
    String text = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(whole.all());
    return new OpenSshKey(
        name + " " + Base64.getEncoder().encodeToString(open.all()) + " " + comment + "\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n" + text + "\n-----END OPENSSH PRIVATE KEY-----\n");
  }

  /** Values after each other as SSH writes them; see RFC 4251, section 5. */
  private static final class Blob {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Blob word(int value) {
      return raw(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
    }

    Blob raw(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    Blob raw(Blob other) {
      return raw(other.all());
    }

    Blob bytes(byte[] bytes) {
      return word(bytes.length).raw(bytes);
    }

    Blob text(String text) {
      return bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    Blob number(BigInteger value) {
      return bytes(value.toByteArray());
    }

    int size() {
      return out.size();
    }

    byte[] all() {
      return out.toByteArray();
    }
  }
}
