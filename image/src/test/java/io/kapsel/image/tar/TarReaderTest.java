package io.kapsel.image.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.RawText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Rows I8 and I9: what archives say is taken exactly, or refused. */
class TarReaderTest {
  static TarEntry member(TarEntry.Type type, String name, String link, long size) {
    return new TarEntry(
        type, name, link, 0644, 0, 0, size, Instant.EPOCH, 0, 0, Map.of(), List.of());
  }

  static byte[] archive(TarEntry... members) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarWriter writer = new TarWriter(bytes)) {
      for (TarEntry each : members) {
        writer.file(each, new byte[(int) each.size()]);
      }
      writer.finish();
    }
    return bytes.toByteArray();
  }

  private static List<TarEntry> read(byte[] archive) throws IOException {
    TarReader reader = new TarReader(new ByteArrayInputStream(archive));
    List<TarEntry> all = new ArrayList<>();
    for (TarEntry each; (each = reader.next()) != null; ) {
      reader.data().readAllBytes();
      all.add(each);
    }
    return all;
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    String odd = RawText.decode(new byte[] {'a', (byte) 0xff, '/', (byte) 0xc3, (byte) 0xa9});
    TarEntry entry =
        new TarEntry(
            TarEntry.Type.FILE,
            odd + "x".repeat(300),
            "",
            06755,
            3_000_000_000L,
            4_294_967_294L,
            700,
            Instant.ofEpochSecond(-5, 123_456_789),
            0,
            0,
            Map.of("user.x", new byte[] {0, (byte) 0x80, '\n', '='}),
            List.of());

    TarEntry again = read(archive(entry, member(TarEntry.Type.SYMLINK, "l", odd, 0))).getFirst();

    assertThat(again).usingRecursiveComparison().isEqualTo(entry);
    assertThat(again.xattrs().get("user.x")).containsExactly(0, 0x80, '\n', '=');
  }

  @Test
  void anOwnerThatIsNoIdIsRefused() throws IOException {
    byte[] bytes = archive(member(TarEntry.Type.FILE, "a", "", 0));
    for (long id : new long[] {-1, 0xffff_ffffL, 1L << 32, 1L << 40}) {
      assertThatThrownBy(() -> read(withBinary(bytes, 108, 8, id)))
          .isInstanceOf(TarException.class)
          .hasMessageContaining("no id");
    }
    assertThat(read(withBinary(bytes, 108, 8, 1L << 31)).getFirst().uid()).isEqualTo(1L << 31);
  }

  @Test
  void aSizeThatCannotBeIsRefused() throws IOException {
    byte[] bytes = archive(member(TarEntry.Type.FILE, "a", "", 0));
    for (long size : new long[] {-1, Long.MAX_VALUE, 1L << 60}) {
      assertThatThrownBy(() -> read(withBinary(bytes, 124, 12, size)))
          .isInstanceOf(TarException.class);
    }
  }

  @Test
  void aHeaderOfAGigabyteIsNotRead() throws IOException {
    byte[] bytes = archive(member(TarEntry.Type.FILE, "a", "", 0));
    bytes[156] = 'x';
    assertThatThrownBy(() -> read(withBinary(bytes, 124, 12, 1L << 30)))
        .isInstanceOf(TarException.class)
        .hasMessageContaining("1 MiB");
  }

  @Test
  void headersWithoutEndAreRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] global = archive(member(TarEntry.Type.FILE, "a", "", 0));
    global[156] = 'g';
    byte[] header = checksummed(java.util.Arrays.copyOf(global, 512));
    for (int i = 0; i < 20; i++) {
      bytes.write(header);
    }
    assertThatThrownBy(() -> read(bytes.toByteArray()))
        .isInstanceOf(TarException.class)
        .hasMessageContaining("16 headers");
  }

  @Test
  void paxRecordsThatDoNotFitAreRefused() {
    for (String bad :
        List.of("5 a=b", "x a=b\n", "99 a=b\n", "0 a=b\n", "6 =bc\n", "7 abcd\n", "-6 a=b\n")) {
      assertThatThrownBy(() -> new PaxRecords().parse(bad.getBytes(StandardCharsets.UTF_8)))
          .as(bad)
          .isInstanceOf(TarException.class);
    }
  }

  @Test
  void timesThatNoFileSystemKeepsBecomeTheEpoch() throws IOException {
    PaxRecords records = new PaxRecords();
    records.parse("26 mtime=99999999999999.5\n".getBytes(StandardCharsets.UTF_8));
    assertThat(records.time("mtime")).contains(Instant.EPOCH);
    PaxRecords wrong = new PaxRecords();
    wrong.parse("13 mtime=NaN\n".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> wrong.time("mtime")).isInstanceOf(TarException.class);
  }

  @Test
  void noBytesDoMoreThanBeRefused() throws IOException {
    byte[] whole =
        archive(
            new TarEntry(
                TarEntry.Type.FILE,
                "x".repeat(120),
                "",
                0644,
                3_000_000,
                0,
                600,
                Instant.ofEpochSecond(1, 5),
                0,
                0,
                Map.of("user.a", new byte[9]),
                List.of()),
            member(TarEntry.Type.HARD_LINK, "h", "x", 0),
            member(TarEntry.Type.DIRECTORY, "d/", "", 0));
    SplittableRandom random = new SplittableRandom(9);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] broken = whole.clone();
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt(256);
      }
      int cut = random.nextInt(4) == 0 ? random.nextInt(broken.length) : broken.length;
      for (int at = 0; at + 512 <= broken.length && random.nextBoolean(); at += 512) {
        broken = repaired(broken, at); // past the checksum, to where the parsers are
      }
      try {
        read(java.util.Arrays.copyOf(broken, cut));
      } catch (IOException _) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void sparseMapsThatLieAreRefused() throws IOException {
    for (String map : List.of("0,5,3,5", "10,5,0,5", "0,20,20,1", "0,x", "0", "9,9")) {
      String record = "GNU.sparse.map=" + map;
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      byte[] pax = record(record, "GNU.sparse.size=20");
      byte[] header = archive(member(TarEntry.Type.FILE, "p", "", pax.length));
      System.arraycopy(pax, 0, header, 512, pax.length);
      header[156] = 'x';
      bytes.write(repaired(header, 0), 0, 1024);
      bytes.write(archive(member(TarEntry.Type.FILE, "s", "", 10)));
      assertThatThrownBy(() -> read(bytes.toByteArray())).as(map).isInstanceOf(TarException.class);
    }
  }

  /** One member with these PAX records before it, which may be longer than ten bytes. */
  private static byte[] withRecords(String name, byte[]... records) throws IOException {
    ByteArrayOutputStream pax = new ByteArrayOutputStream();
    for (byte[] each : records) {
      int length = each.length + 2;
      while (Integer.toString(length).length() + 2 + each.length != length) {
        length++;
      }
      pax.writeBytes((length + " ").getBytes(StandardCharsets.UTF_8));
      pax.writeBytes(each);
      pax.write('\n');
    }
    byte[] header = archive(member(TarEntry.Type.FILE, "p", "", pax.size()));
    System.arraycopy(pax.toByteArray(), 0, header, 512, pax.size());
    header[156] = 'x';
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(repaired(header, 0), 0, 512 + (pax.size() + 511) / 512 * 512);
    all.write(archive(member(TarEntry.Type.FILE, name, "", 0)));
    return all.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void recordsThatCannotBeAreRefused() throws IOException {
    for (String bad :
        List.of(
            "uid=root",
            "uid=-1",
            "uid=4294967295",
            "gid=99999999999999999999",
            "size=-5",
            "size=0x10",
            "path=a\0b",
            "linkpath=a\0b",
            "mtime=NaN",
            "mtime=1e9",
            "mtime=" + "9".repeat(400))) {
      assertThatThrownBy(() -> read(withRecords("f", bytes(bad))))
          .as(bad)
          .isInstanceOf(TarException.class);
    }
  }

  @Test
  void attributesHaveALimitInNumberAndLength() throws IOException {
    byte[][] many = new byte[10_000][];
    for (int i = 0; i < many.length; i++) {
      many[i] = bytes("SCHILY.xattr.user.a" + i + "=x");
    }
    assertThatThrownBy(() -> read(withRecords("f", many)))
        .isInstanceOf(TarException.class)
        .hasMessageContaining("512");
    String value = "SCHILY.xattr.user.a=" + "v".repeat(64 << 10);
    assertThat(read(withRecords("f", bytes(value))).getFirst().xattrs()).hasSize(1);
    assertThatThrownBy(() -> read(withRecords("f", bytes(value + "v"))))
        .isInstanceOf(TarException.class)
        .hasMessageContaining("64 KiB");
  }

  @Test
  void ofTwoLongNamesThatOfPaxCounts() throws IOException {
    byte[] gnu = archive(member(TarEntry.Type.FILE, "././@LongLink", "", 5));
    System.arraycopy(bytes("gnus\0"), 0, gnu, 512, 5);
    gnu[156] = 'L';
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(repaired(gnu, 0), 0, 1024);
    all.write(withRecords("short", bytes("path=paxs")));

    assertThat(read(all.toByteArray()).getFirst().name()).isEqualTo("paxs");
  }

  private static byte[] record(String... texts) {
    StringBuilder all = new StringBuilder();
    for (String text : texts) {
      int length = text.length() + 4;
      all.append(length).append(' ').append(text).append('\n');
    }
    return all.toString().getBytes(StandardCharsets.UTF_8);
  }

  static byte[] withBinary(byte[] archive, int at, int length, long value) {
    byte[] changed = archive.clone();
    for (int i = at + length - 1; i >= at; i--) {
      changed[i] = (byte) value;
      value >>= 8;
    }
    changed[at] |= (byte) 0x80;
    return repaired(changed, 0);
  }

  private static byte[] checksummed(byte[] block) {
    return repaired(block, 0);
  }

  /** With a checksum that is right again. */
  private static byte[] repaired(byte[] archive, int at) {
    byte[] changed = archive.clone();
    java.util.Arrays.fill(changed, at + 148, at + 156, (byte) ' ');
    int sum = 0;
    for (int i = at; i < at + 512; i++) {
      sum += changed[i] & 0xff;
    }
    byte[] text = "%06o\0".formatted(sum).getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(text, 0, changed, at + 148, text.length);
    return changed;
  }
}
