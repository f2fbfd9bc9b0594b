package io.kapsel.image.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Row I11: what is packed small and is large ends at the limit, in little memory. */
class UnpackingTest {
  private static final long LIMIT = 10 << 20;

  private static byte[] gzip(int mebibytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      for (int i = 0; i < mebibytes; i++) {
        gzip.write(new byte[1 << 20]);
      }
    }
    return out.toByteArray();
  }

  private static byte[] xz(int mebibytes, int dictionary) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LZMA2Options options = new LZMA2Options(0);
    options.setDictSize(dictionary);
    try (XZOutputStream xz = new XZOutputStream(out, options)) {
      for (int i = 0; i < mebibytes; i++) {
        xz.write(new byte[1 << 20]);
      }
    }
    return out.toByteArray();
  }

  /**
   * A frame with a window of {@code 1 << log}, of blocks that each repeat one byte 128 KiB long.
   */
  private static byte[] zstd(int log, int blocks) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(HexFormat.of().parseHex("28b52ffd00"));
    out.write(log - 10 << 3);
    for (int i = 1; i <= blocks; i++) {
      int header = (1 << 17) << 3 | 1 << 1 | (i == blocks ? 1 : 0);
      out.writeBytes(new byte[] {(byte) header, (byte) (header >> 8), (byte) (header >> 16), 0});
    }
    return out.toByteArray();
  }

  private static long length(byte[] packed) throws IOException {
    try (InputStream plain = Unpacking.of(new ByteArrayInputStream(packed), LIMIT)) {
      return plain.transferTo(java.io.OutputStream.nullOutputStream());
    }
  }

  @Test
  void aBombEndsAtTheLimit() throws IOException {
    assertThat(length(gzip(10))).isEqualTo(LIMIT);
    assertThat(length(zstd(20, 80))).isEqualTo(LIMIT);
    assertThat(length(xz(10, 1 << 20))).isEqualTo(LIMIT);
    for (byte[] bomb :
        List.of(gzip(11), gzip(300), zstd(20, 81), zstd(20, 4000), xz(11, 1 << 20))) {
      assertThatThrownBy(() -> length(bomb))
          .isInstanceOf(TarException.class)
          .hasMessageContaining("larger than it may be");
    }
  }

  @Test
  void aWindowThatIsOnlyAnnouncedIsNotMadeOrRefused() {
    for (int log : new int[] {28, 31, 40}) {
      try {
        assertThat(length(zstd(log, 1))).as("window " + log).isEqualTo(1 << 17);
      } catch (IOException _) {
        // refused, which is right as well
      }
    }
  }

  @Test
  void whatFollowsAMemberIsReadOrLeftOutButNeverTakenForMore() throws IOException {
    ByteArrayOutputStream two = new ByteArrayOutputStream();
    two.writeBytes(gzip(1));
    two.writeBytes(gzip(1));
    assertThat(length(two.toByteArray())).isEqualTo(2 << 20);
    ByteArrayOutputStream garbage = new ByteArrayOutputStream();
    garbage.writeBytes(gzip(1));
    garbage.writeBytes(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    assertThat(length(garbage.toByteArray())).isEqualTo(1 << 20);
  }
}
