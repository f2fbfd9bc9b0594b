package io.kapsel.image.debian;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A text with its signatures in one file; see RFC 9580, section 7, "Cleartext Signature Framework".
 */
final class SignedText {
  private static final String BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
  private static final String SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
  private static final String END = "-----END PGP SIGNATURE-----";

  private final byte[] text;
  private final byte[] canonical;
  private final byte[] signatures;

  private SignedText(byte[] text, byte[] canonical, byte[] signatures) {
    this.text = text;
    this.canonical = canonical;
    this.signatures = signatures;
  }

  /** What is signed, for readers. */
  String text() {
    return new String(text, StandardCharsets.UTF_8);
  }

  /** What is signed, byte by byte. */
  byte[] canonical() {
    return canonical;
  }

  /** The armored block after it. */
  byte[] signatures() {
    return signatures;
  }

  /**
   * Takes the file apart. Nothing may stand outside of the frame: another program could read it.
   *
   * @throws IllegalArgumentException when it is no such file
   */
  static SignedText parse(byte[] file) {
    // Latin 1 keeps every byte.
    String all = new String(file, StandardCharsets.ISO_8859_1);
    List<String> lines = all.lines().map(String::stripTrailing).toList();
    int signature = lines.indexOf(SIGNATURE);
    int end = lines.indexOf(END);
    int header = lines.indexOf("");
    boolean framed =
        !lines.isEmpty()
            && lines.getFirst().equals(BEGIN)
            && header > 0
            && header < signature
            && signature < end
            && lines.subList(end + 1, lines.size()).stream().allMatch(String::isEmpty)
            && lines.subList(1, header).stream().allMatch(line -> line.startsWith("Hash: "));
    if (!framed) {
      throw new IllegalArgumentException("it is not a signed text");
    }
    List<String> body =
        lines.subList(header + 1, signature).stream()
            .map(line -> line.startsWith("- ") ? line.substring(2) : line)
            .toList();
    byte[] canonical = String.join("\r\n", body).getBytes(StandardCharsets.ISO_8859_1);
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (String line : lines.subList(signature, end + 1)) {
      block.writeBytes((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }
    byte[] text = String.join("\n", body).getBytes(StandardCharsets.ISO_8859_1);
    return new SignedText(text, canonical, block.toByteArray());
  }
}
