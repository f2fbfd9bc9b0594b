package io.kapsel.linux.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the host's libraries do is what the JDK and the programs of the same name do. */
class HostLibrariesTest {
  private static final int LENGTH = 1_000_003;
  private static final int WINDOW_LOG = 23;

  private final byte[] plain = new byte[LENGTH];

  @BeforeEach
  void make() {
    int state = 7;
    for (int i = 0; i < LENGTH; i++) {
      state = state * 1_103_515_245 + 12_345;
      plain[i] = (byte) (state >> 16);
    }
    Arrays.fill(plain, 300_000, 900_000, (byte) 'x');
  }

  private byte[] packed(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).start();
    Thread.ofVirtual()
        .start(() -> {
          try (var out = process.getOutputStream()) {
            out.write(plain);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
    byte[] all = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
    return all;
  }

  private static Optional<InputStream> zstd(byte[] packed) throws IOException {
    return Zstd.open(new ByteArrayInputStream(packed), WINDOW_LOG);
  }

  private static Optional<InputStream> xz(byte[] packed) throws IOException {
    return Xz.open(new ByteArrayInputStream(packed), 20 << 20);
  }

  private static byte[] read(Optional<InputStream> stream) throws IOException {
    assertThat(stream).isPresent();
    try (InputStream in = stream.get()) {
      return in.readAllBytes();
    }
  }

  private static byte[] twice(byte[] bytes) {
    byte[] both = Arrays.copyOf(bytes, 2 * bytes.length);
    System.arraycopy(bytes, 0, both, bytes.length, bytes.length);
    return both;
  }

  @Test
  void hashesAsTheJdkDoes() {
    assertThat(Sha256.library()).isPresent();
    MessageDigest ours = Sha256.library().get();
    MessageDigest theirs = Sha256.java();
    for (int round = 0; round < 2; round++) {
      ours.update(plain, 1, 700_001);
      ours.update(plain[0]);
      ours.update(ByteBuffer.allocateDirect(5000).put(plain, 0, 5000).flip());
      ours.update(ByteBuffer.wrap(plain, 3, 70));
      theirs.update(plain, 1, 700_001);
      theirs.update(plain[0]);
      theirs.update(plain, 0, 5000);
      theirs.update(plain, 3, 70);
      assertThat(ours.digest()).isEqualTo(theirs.digest());
    }
    assertThat(ours.digest()).isEqualTo(Sha256.java().digest());
  }

  @Test
  void unpacksWhatTheProgramsPack() throws Exception {
    assertThat(read(zstd(packed("zstd", "-cq")))).isEqualTo(plain);
    assertThat(read(xz(packed("xz", "-c")))).isEqualTo(plain);
  }

  @Test
  void goesOnWithTheNextMember() throws Exception {
    assertThat(read(zstd(twice(packed("zstd", "-cq"))))).isEqualTo(twice(plain));
    assertThat(read(xz(twice(packed("xz", "-c"))))).isEqualTo(twice(plain));
  }

  @Test
  void refusesWhatEndsEarly() throws Exception {
    byte[] zstd = packed("zstd", "-cq");
    byte[] xz = packed("xz", "-c");
    for (int cut : new int[] {1, 5, 100_000}) {
      assertThatThrownBy(() -> read(zstd(Arrays.copyOf(zstd, zstd.length - cut))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("ends early");
      assertThatThrownBy(() -> read(xz(Arrays.copyOf(xz, xz.length - cut))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("ends early");
    }
  }

  @Test
  void refusesWhatIsDamaged() throws Exception {
    byte[] zstd = packed("zstd", "-cq", "--check");
    zstd[zstd.length / 2] ^= 1;
    byte[] xz = packed("xz", "-c");
    xz[xz.length / 2] ^= 1;
    assertThatThrownBy(() -> read(zstd(zstd)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("damaged");
    assertThatThrownBy(() -> read(xz(xz)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("damaged");
  }

  @Test
  void refusesWhatNeedsMoreMemoryThanAllowed() throws Exception {
    assertThatThrownBy(() -> read(zstd(packed("zstd", "-cq", "--long=26", "--no-check"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("requires too much memory");
    assertThatThrownBy(() -> read(xz(packed("xz", "-9c"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("65 MiB");
  }

  @Test
  void takesNothingAfterItIsClosed() throws Exception {
    Optional<InputStream> stream = zstd(packed("zstd", "-cq"));
    assertThat(stream).isPresent();
    InputStream in = stream.get();
    in.close();
    in.close();
    assertThatThrownBy(in::read).isInstanceOf(IOException.class);
  }
}
