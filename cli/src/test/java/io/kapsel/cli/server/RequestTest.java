package io.kapsel.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which file a client means by a name. */
class RequestTest {
  private final Request request =
      new Request(
          List.of("kapsel"),
          List.of(),
          Path.of("/srv"),
          new Request.Terminals(false, false, false),
          022,
          new Request.WindowSize((short) 0, (short) 0),
          77);

  @ParameterizedTest
  @CsvSource({
    "file, /srv/file",
    "/etc/file, /etc/file",
    "/dev/stdin, /proc/77/fd/0",
    "/dev/stdout, /proc/77/fd/1",
    "/dev/fd/63, /proc/77/fd/63",
    "/proc/self/fd/5, /proc/77/fd/5",
    "/dev/fd/x, /dev/fd/x",
    "/dev/fd, /dev/fd",
    "/dev/fd/5/x, /dev/fd/5/x",
    "/dev/null, /dev/null",
  })
  void descriptorsAreTheClients(String name, String file) {
    assertThat(request.path(Path.of(name))).hasToString(file);
  }
}
