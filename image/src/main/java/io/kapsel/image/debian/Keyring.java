package io.kapsel.image.debian;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.ImageException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRingCollection;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureList;
import org.bouncycastle.openpgp.PGPUtil;
import org.bouncycastle.openpgp.bc.BcPGPObjectFactory;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentVerifierBuilderProvider;

/** The keys that an archive's indices may be signed with. */
public final class Keyring {
  private static final int LARGEST = 16 << 20;
  private static final Set<Integer> HASHES =
      Set.of(
          HashAlgorithmTags.SHA256,
          HashAlgorithmTags.SHA384,
          HashAlgorithmTags.SHA512,
          HashAlgorithmTags.SHA3_256,
          HashAlgorithmTags.SHA3_512);

  private final String shown;
  private final List<PGPPublicKeyRingCollection> keys;

  private Keyring(String shown, List<PGPPublicKeyRingCollection> keys) {
    this.shown = shown;
    this.keys = keys;
  }

  /** Reads key files, armored or not; all of their keys are trusted. */
  public static Keyring read(List<Path> files) {
    List<PGPPublicKeyRingCollection> keys = new ArrayList<>();
    for (Path file : files) {
      keys.add(read(file));
    }
    return new Keyring(String.join(", ", files.stream().map(Path::toString).toList()), keys);
  }

  private static PGPPublicKeyRingCollection read(Path file) {
    try {
      if (Files.size(file) > LARGEST) {
        throw new IOException("it is larger than 16 MiB");
      }
      return new PGPPublicKeyRingCollection(
          PGPUtil.getDecoderStream(new ByteArrayInputStream(Files.readAllBytes(file))),
          new BcKeyFingerprintCalculator());
    } catch (IOException e) {
      throw new ImageException.Invalid(
          "cannot read the keyring '" + file + "': " + AtomicFile.reason(e));
    } catch (PGPException | RuntimeException e) { // the parser throws what it likes
      throw new ImageException.Invalid("cannot read the keyring '" + file + "': it has no keys");
    }
  }

  /**
   * The text of a signed file, if one of its signatures is good and by one of these keys.
   *
   * @param name what the file is called in a complaint
   */
  public String verify(byte[] file, String name) {
    SignedText signed;
    List<PGPSignature> signatures;
    try {
      signed = SignedText.parse(file);
      signatures = signatures(signed.signatures());
    } catch (IOException | RuntimeException e) { // the parser throws what it likes
      throw refused(name, "it is not a signed text");
    }
    Set<String> unknown = new TreeSet<>();
    String reason = "";
    for (PGPSignature signature : signatures) {
      PGPPublicKey key = key(signature);
      if (key == null) {
        unknown.add(id(signature.getKeyID()));
        continue;
      }
      String complaint = complaint(signature, key, signed.canonical());
      if (complaint.isEmpty()) {
        return signed.text();
      }
      reason = complaint;
    }
    throw refused(name, reason.isEmpty() ? unknownKeys(unknown) : reason);
  }

  private String unknownKeys(Set<String> unknown) {
    return unknown.isEmpty()
        ? "it is not signed"
        : "it is signed by "
            + String.join(", ", unknown)
            + " and no such key is in '"
            + shown
            + "'; see --keyring";
  }

  private static ImageException.Refused refused(String name, String reason) {
    return new ImageException.Refused("cannot trust '" + name + "': " + reason);
  }

  private static List<PGPSignature> signatures(byte[] block) throws IOException {
    BcPGPObjectFactory factory =
        new BcPGPObjectFactory(PGPUtil.getDecoderStream(new ByteArrayInputStream(block)));
    List<PGPSignature> all = new ArrayList<>();
    for (Object next; (next = factory.nextObject()) != null; ) {
      if (next instanceof PGPSignatureList list) {
        list.forEach(all::add);
      }
    }
    return all;
  }

  private @org.jspecify.annotations.Nullable PGPPublicKey key(PGPSignature signature) {
    for (PGPPublicKeyRingCollection ring : keys) {
      PGPPublicKey key = ring.getPublicKey(signature.getKeyID());
      if (key != null) {
        return key;
      }
    }
    return null;
  }

  /** What is wrong with a signature by a key that we have; nothing when it is good. */
  private static String complaint(PGPSignature signature, PGPPublicKey key, byte[] canonical) {
    String by = "the signature by " + id(signature.getKeyID());
    if (!HASHES.contains(signature.getHashAlgorithm())) {
      return by + " uses a hash that is too weak";
    }
    if (signature.getSignatureType() != PGPSignature.CANONICAL_TEXT_DOCUMENT
        && signature.getSignatureType() != PGPSignature.BINARY_DOCUMENT) {
      return by + " is not one of a document";
    }
    if (key.hasRevocation()) {
      return by + " is by a key that was revoked";
    }
    Instant made = signature.getCreationTime().toInstant();
    if (key.getValidSeconds() > 0
        && made.isAfter(
            key.getCreationTime().toInstant().plus(Duration.ofSeconds(key.getValidSeconds())))) {
      return by + " is from after the key's end";
    }
    try {
      signature.init(new BcPGPContentVerifierBuilderProvider(), key);
      signature.update(canonical);
      return signature.verify() ? "" : by + " does not fit the text: somebody has changed it";
    } catch (PGPException | RuntimeException e) {
      return by + " cannot be checked: " + e.getMessage();
    }
  }

  private static String id(long key) {
    return String.format(Locale.ROOT, "%016X", key);
  }
}
