package io.kapsel.image.debian;

import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPairGeneratorProvider;

/** A Debian archive on disk, with packages of a test and a key of its own. */
final class TestArchive {
  private final Path directory;
  private final PGPKeyPair key;
  private final StringBuilder index = new StringBuilder();
  private String fields = "";

  TestArchive(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
    try {
      key = new BcPGPKeyPairGeneratorProvider().get(4, new Date()).generateLegacyEd25519KeyPair();
    } catch (PGPException e) {
      throw new IOException(e);
    }
  }

  /** A member of a package. */
  static TarEntry entry(TarEntry.Type type, String name, String link, int mode, int size) {
    return new TarEntry(
        type,
        name,
        link,
        mode,
        0,
        0,
        size,
        Instant.ofEpochSecond(1_700_000_000),
        0,
        0,
        Map.of(),
        List.of());
  }

  /** A package in the making. */
  static final class Deb {
    private final String control;
    private final Map<String, String> scripts = new LinkedHashMap<>();
    private final List<TarEntry> entries = new ArrayList<>();
    private final List<byte[]> contents = new ArrayList<>();

    Deb(String name, String more) {
      control = "Package: " + name + "\nVersion: 1\nArchitecture: amd64\n" + more;
    }

    Deb control(String name, String content) {
      scripts.put(name, content);
      return this;
    }

    Deb file(String path, String content) {
      return file(path, content, 0644);
    }

    Deb file(String path, String content, int mode) {
      byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
      entries.add(entry(TarEntry.Type.FILE, path, "", mode, bytes.length));
      contents.add(bytes);
      return this;
    }

    Deb add(TarEntry entry) {
      entries.add(entry);
      contents.add(new byte[0]);
      return this;
    }

    byte[] bytes() throws IOException {
      ByteArrayOutputStream deb = new ByteArrayOutputStream();
      deb.writeBytes("!<arch>\n".getBytes(StandardCharsets.US_ASCII));
      member(deb, "debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
      member(deb, "control.tar.gz", packed(this::controlTar));
      member(deb, "data.tar.gz", packed(this::dataTar));
      return deb.toByteArray();
    }

    private interface Writing {
      void to(TarWriter tar) throws IOException;
    }

    private static byte[] packed(Writing writing) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (TarWriter tar = new TarWriter(new GZIPOutputStream(bytes))) {
        writing.to(tar);
        tar.finish();
      }
      return bytes.toByteArray();
    }

    private void controlTar(TarWriter tar) throws IOException {
      Map<String, String> all = new LinkedHashMap<>(scripts);
      all.put("control", control);
      for (Map.Entry<String, String> each : all.entrySet()) {
        byte[] bytes = each.getValue().getBytes(StandardCharsets.UTF_8);
        String name = "./" + each.getKey();
        tar.file(entry(TarEntry.Type.FILE, name, "", 0755, bytes.length), bytes);
      }
    }

    private void dataTar(TarWriter tar) throws IOException {
      tar.begin(entry(TarEntry.Type.DIRECTORY, "./", "", 0755, 0));
      for (int i = 0; i < entries.size(); i++) {
        tar.file(entries.get(i), contents.get(i));
      }
    }

    private static void member(ByteArrayOutputStream out, String name, byte[] content) {
      String header =
          "%-16s%-12s%-6s%-6s%-8s%-10d`\n".formatted(name, 0, 0, 0, 100644, content.length);
      out.writeBytes(header.getBytes(StandardCharsets.US_ASCII));
      out.writeBytes(content);
      if (content.length % 2 == 1) {
        out.write('\n');
      }
    }
  }

  /** Adds a package. */
  TestArchive with(Deb deb) {
    try {
      byte[] bytes = deb.bytes();
      String name = Stanza.parse(deb.control).value("Package");
      String path = "pool/" + name + "_1~x.deb";
      write(path, bytes);
      index
          .append(deb.control)
          .append("Filename: " + path + "\nSize: " + bytes.length)
          .append("\nSHA256: " + sha256(bytes) + "\n\n");
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds lines to the Release file. */
  TestArchive saying(String more) {
    fields = more;
    return this;
  }

  /** Writes the index and signs it. */
  TestArchive publish() throws IOException {
    return publish("test");
  }

  /** The same as the suite of that name. */
  TestArchive publish(String suite) throws IOException {
    byte[] packages = index.toString().getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(packages);
    }
    write("dists/" + suite + "/main/binary-amd64/Packages.gz", packed.toByteArray());
    String release =
        "Suite: "
            + suite
            + "\nCodename: "
            + suite
            + "\nDate: Sat, 11 Jul 2026 10:16:37 UTC\nComponents: main\n"
            + fields
            + "SHA256:\n "
            + sha256(packages)
            + " "
            + packages.length
            + " main/binary-amd64/Packages\n "
            + sha256(packed.toByteArray())
            + " "
            + packed.size()
            + " main/binary-amd64/Packages.gz\n";
    write("dists/" + suite + "/InRelease", signed(release));
    return this;
  }

  Path path(String name) {
    return directory.resolve(name);
  }

  URI uri() {
    return URI.create("file:" + directory + "/");
  }

  /** The public key, as a file. */
  Path keyring() throws IOException {
    return write("keyring.gpg", new PGPPublicKeyRing(List.of(key.getPublicKey())).getEncoded());
  }

  /** A text in its frame, signed with the key. */
  byte[] signed(String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      PGPSignatureGenerator generator =
          new PGPSignatureGenerator(
              new BcPGPContentSignerBuilder(
                  key.getPublicKey().getAlgorithm(), HashAlgorithmTags.SHA512),
              key.getPublicKey());
      generator.init(PGPSignature.CANONICAL_TEXT_DOCUMENT, key.getPrivateKey());
      generator.update(text.stripTrailing().replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
      out.writeBytes(
          ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" + text)
              .getBytes(StandardCharsets.UTF_8));
      try (ArmoredOutputStream armor = ArmoredOutputStream.builder().build(out)) {
        generator.generate().encode(armor);
      }
      return out.toByteArray();
    } catch (PGPException e) {
      throw new IOException(e);
    }
  }

  private Path write(String name, byte[] content) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  private static String sha256(byte[] bytes) {
    var digest = DownloadCache.sha256();
    digest.update(bytes);
    return DownloadCache.hex(digest);
  }
}
