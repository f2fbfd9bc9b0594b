package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The outer form of a package; see deb(5). */
class ArReaderTest {
  private static final String MAGIC = "!<arch>\n";

  static String member(String name, String content) {
    return "%-16s%-12s%-6s%-6s%-8s%-10d`\n%s%s"
        .formatted(
            name,
            0,
            0,
            0,
            100644,
            content.length(),
            content,
            content.length() % 2 == 0 ? "" : "\n");
  }

  private static ArReader open(String text) throws IOException {
    return new ArReader(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  @Test
  void membersFollowEachOther() throws IOException {
    ArReader ar =
        open(
            MAGIC + member("debian-binary", "2.0\n") + member("odd/", "abc") + member("last", "x"));

    assertThat(ar.next()).contains("debian-binary");
    assertThat(ar.data().readAllBytes()).isEqualTo("2.0\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(ar.next()).contains("odd"); // whose bytes nobody reads
    assertThat(ar.next()).contains("last");
    assertThat(ar.data().readAllBytes()).containsExactly('x');
    assertThat(ar.next()).isEmpty();
  }

  @Test
  void theLastMemberMayLackItsPadding() throws IOException {
    String text = MAGIC + member("a", "x");
    ArReader ar = open(text.substring(0, text.length() - 1));

    assertThat(ar.next()).contains("a");
    assertThat(ar.data().readAllBytes()).hasSize(1);
    assertThat(ar.next()).isEmpty();
  }

  @Test
  void whatIsDamagedIsRefused() {
    assertThatThrownBy(() -> open("PK").next()).hasMessage("it is not a Debian package");
    assertThatThrownBy(() -> open(MAGIC + "short").next())
        .hasMessage("a header of the package is damaged");
    assertThatThrownBy(() -> open(MAGIC + member("a", "abcd").replace("4 ", "-4")).next())
        .isInstanceOf(IOException.class);
    assertThatThrownBy(
            () -> {
              String whole = MAGIC + member("a", "abcdef");
              ArReader ar = open(whole.substring(0, whole.length() - 3));
              ar.next();
              ar.data().readAllBytes();
            })
        .hasMessage("the package ends too early");
  }
}
