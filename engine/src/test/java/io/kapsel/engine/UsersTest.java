package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The users of a root file system, which may be hostile. */
class UsersTest {
  @TempDir Path root;

  @BeforeEach
  void fill() throws IOException {
    Files.createDirectories(root.resolve("etc"));
    Files.writeString(
        root.resolve("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nbroken\nweb:x:33:34:w:/var/www:/bin/false\n");
    Files.writeString(root.resolve("etc/group"), "www:x:34:\nextra:x:50:web,other\n");
  }

  private Users.Account find(String user, String... groups) {
    return Users.in(List.of(root)).find(Optional.of(user), List.of(groups));
  }

  @Test
  void findsNamesAndNumbers() {
    assertThat(find("web")).isEqualTo(new Users.Account(33, 34, List.of(34L, 50L), "/var/www"));
    assertThat(find("33").home()).isEqualTo("/var/www");
    assertThat(find("web:extra")).isEqualTo(new Users.Account(33, 50, List.of(50L), "/var/www"));
    assertThat(find("1234:99").gid()).isEqualTo(99);
    assertThat(find("0", "www").groups()).containsExactly(0L, 34L);
  }

  @Test
  void refusesWhatIsNotThere() {
    for (String user : List.of("nobody", "web:nogroup", "-1", "65536", "99999999999")) {
      assertThatThrownBy(() -> find(user)).as(user).isInstanceOf(Refusals.CompileException.class);
    }
  }

  @Test
  void takesTheUpperLayersFile() throws IOException {
    Path upper = Files.createDirectory(root.resolve("upper"));
    Files.createDirectories(upper.resolve("etc"));
    Files.writeString(upper.resolve("etc/passwd"), "web:x:77:34:w:/:/bin/false\n");

    assertThat(Users.in(List.of(upper, root)).find(Optional.of("web"), List.of()).uid())
        .isEqualTo(77);
  }

  @Test
  void doesNotFollowALinkToTheHost() throws IOException {
    Path outside = Files.createDirectory(root.resolve("outside"));
    Files.createDirectories(outside.resolve("etc"));
    Files.delete(root.resolve("etc/passwd"));
    Files.createSymbolicLink(root.resolve("etc/passwd"), Path.of("/etc/passwd"));

    assertThatThrownBy(() -> find("root-of-the-host")).isInstanceOf(EngineException.Invalid.class);
  }
}
