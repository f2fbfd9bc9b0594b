package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an empty volume gets from the layers of a root file system, and what it does not get. */
class VolumeFillingTest {
  @TempDir private Path directory;
  private Path upper;
  private Path lower;
  private Path volume;

  @BeforeEach
  void makeLayers() throws IOException {
    upper = Files.createDirectory(directory.resolve("upper"));
    lower = Files.createDirectory(directory.resolve("lower"));
    volume = Files.createDirectory(directory.resolve("volume"));
    Files.createDirectories(lower.resolve("var/data/sub"));
    Files.writeString(lower.resolve("var/data/low"), "low");
    Files.writeString(lower.resolve("var/data/both"), "low");
    Files.createDirectories(upper.resolve("var/data"));
    Files.writeString(upper.resolve("var/data/both"), "up");
  }

  private void fill(String target) {
    new VolumeFilling(List.of(upper, lower)).fill(volume, target);
  }

  @Test
  void itGetsWhatTheLayersShowTogether() throws IOException {
    Files.setPosixFilePermissions(
        upper.resolve("var/data"), PosixFilePermissions.fromString("rwxr-x---"));
    fill("/var/data");

    assertThat(volume.resolve("both")).hasContent("up");
    assertThat(volume.resolve("low")).hasContent("low");
    assertThat(volume.resolve("sub")).isDirectory();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(volume)))
        .isEqualTo("rwxr-x---");
  }

  @Test
  void whatHasSomethingIsLeftAlone() throws IOException {
    Files.writeString(volume.resolve("mine"), "x");
    fill("/var/data");

    assertThat(volume.resolve("low")).doesNotExist();
  }

  @Test
  void linksStayWithinTheLayers() throws IOException {
    Path secret = Files.createDirectories(directory.resolve("secret"));
    Files.writeString(secret.resolve("key"), "x");
    Files.createSymbolicLink(upper.resolve("out"), secret);
    Files.createSymbolicLink(upper.resolve("up"), Path.of("../../../.." + secret));
    Files.createSymbolicLink(upper.resolve("in"), Path.of("/var/data"));
    Files.createSymbolicLink(upper.resolve("loop"), Path.of("loop"));
    fill("/out");
    fill("/up");
    fill("/loop");
    fill("/../../var/none");
    assertThat(volume).isEmptyDirectory();
    fill("/in/../data/");

    assertThat(volume.resolve("low")).hasContent("low");
  }

  @Test
  void aFileAboveHidesTheDirectoryBelow() throws IOException {
    Files.writeString(upper.resolve("etc"), "");
    Files.createDirectories(lower.resolve("etc/x"));
    fill("/etc");

    assertThat(volume).isEmptyDirectory();
  }
}
