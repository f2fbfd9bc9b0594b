package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An index is searched on the disk. */
class PackageIndexTest {
  private @TempDir Path directory;

  private PackageIndex open(String text, int piece) throws IOException {
    Path file = Files.writeString(directory.resolve("Packages"), text);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    IndexScanner scanner = new IndexScanner();
    for (int at = 0; at < bytes.length; at += piece) {
      byte[] part = java.util.Arrays.copyOfRange(bytes, at, Math.min(at + piece, bytes.length));
      scanner.accept(part, part.length);
    }
    scanner.finish();
    return new PackageIndex(Open.path(file.toString(), OpenFlags.READ), scanner, 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 64, 100_000})
  void packagesAreFoundByNameHoweverTheBytesCome(int piece) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      text.append(Packages.text("package" + i, "1." + i))
          .append("Provides: virtual" + i % 10 + " (= 1), both\n")
          .append(i % 50 == 0 ? "Essential: yes\n" : "")
          .append(i == 7 ? "Priority: required\n" : "Priority: required-not\n")
          .append("Description: " + "long ".repeat(i == 3 ? 5_000 : 1) + "\n\n");
    }
    try (PackageIndex index = open(text.toString(), piece)) {
      assertThat(index.find("package42")).singleElement().hasToString("package42 1.42");
      assertThat(index.find("package3")).singleElement().hasToString("package3 1.3");
      assertThat(index.find("virtual5")).hasSize(20);
      assertThat(index.find("both")).hasSize(200);
      assertThat(index.find("nothing")).isEmpty();
      assertThat(index.base())
          .extracting(DebianPackage::name)
          .containsExactly("package0", "package7", "package50", "package100", "package150");
      assertThat(index.size()).isEqualTo(600);
    }
  }

  @Test
  void namesWithTheSameHashAreToldApart() throws IOException {
    String text = Packages.text("aan", "1") + "\n" + Packages.text("ac0", "2") + "\n";
    assertThat("aan".hashCode()).isEqualTo("ac0".hashCode());

    try (PackageIndex index = open(text, 10)) {
      assertThat(index.find("aan")).singleElement().hasToString("aan 1");
      assertThat(index.find("ac0")).singleElement().hasToString("ac0 2");
    }
  }

  @Test
  void theLastParagraphMayLackItsEmptyLine() throws IOException {
    try (PackageIndex index = open(Packages.text("only", "1").stripTrailing(), 1000)) {
      assertThat(index.find("only")).singleElement().hasToString("only 1");
    }
  }
}
