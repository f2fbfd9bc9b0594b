package io.kapsel.lxc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What comes on a console, in the files that a configuration names. */
class LxcConsoleFileTest {
  @TempDir Path place;

  private LxcConsoleFile only(String... lines) throws IOException {
    LxcConfig config = LxcConfig.read(Files.write(place.resolve("config"), List.of(lines)));
    List<LxcConsoleFile> all = LxcConsoleFile.of(LxcConsoleFile.labels(config));
    assertThat(all).hasSize(1).isEqualTo(LxcConsoleFile.of(config));
    return all.getFirst();
  }

  @Test
  void aLimitIsAPowerOfTwo() throws IOException {
    String file = "lxc.console.logfile = /log";

    assertThat(only(file).limit()).isZero();
    assertThat(only(file, "lxc.console.size = 1").limit()).isEqualTo(4096);
    assertThat(only(file, "lxc.console.size = 4096").limit()).isEqualTo(4096);
    assertThat(only(file, "lxc.console.size = 5KB").limit()).isEqualTo(8192);
    assertThat(only(file, "lxc.console.size = auto").limit()).isEqualTo(128 << 10);
    assertThat(only("lxc.console.path = /log", "lxc.console.size = 1").limit()).isZero();
  }

  @Test
  void grows() throws IOException {
    Path file = place.resolve("log");
    Files.writeString(file, "old ");
    LxcConsoleFile console = new LxcConsoleFile(file, 0, false);
    Instant time = Instant.ofEpochSecond(1_000_000_000, 123_456_789);

    console.make();
    console.add("new".getBytes(US_ASCII), time);

    assertThat(file).hasContent("old new");
    assertThat(console.until()).contains(time);
  }

  @Test
  void isForItsOwnerAloneAndMadeAnewWhenItWasMoved() throws IOException {
    Path file = place.resolve("log");
    LxcConsoleFile console = new LxcConsoleFile(file, 0, false);
    console.make();
    console.add("one".getBytes(US_ASCII), Instant.now());
    Files.move(file, place.resolve("log.old"));
    console.add("two".getBytes(US_ASCII), Instant.now());

    assertThat(file).hasContent("two");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void isEmptiedOrKeptWhenItIsFull() throws IOException {
    Path file = place.resolve("log");
    byte[] piece = "0123456789".getBytes(US_ASCII);

    new LxcConsoleFile(file, 4, false).add(piece, Instant.now());
    assertThat(file).hasContent("89");
    assertThat(place.resolve("log.1")).doesNotExist();

    Files.delete(file);
    new LxcConsoleFile(file, 4, true).add(piece, Instant.now());
    assertThat(file).hasContent("89");
    assertThat(place.resolve("log.1")).hasContent("4567");
  }

  @Test
  void isARegularFile() {
    assertThatThrownBy(() -> new LxcConsoleFile(place, 0, false).make())
        .isInstanceOf(LxcException.class)
        .hasMessageContaining("cannot write the console to '" + place + "': it is no regular file");
    Path nowhere = place.resolve("no/log");
    assertThatThrownBy(() -> new LxcConsoleFile(nowhere, 0, false).make())
        .hasMessageContaining("'" + nowhere + "': no such directory (ENOENT)");
  }
}
