package io.kapsel.image.tar;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.memory.Memfd;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The thread that is to read or write cannot be confined: it is told, and nobody waits for it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RefusedThreadIT {
  /** More than there is room for between the two threads. */
  private static final int LENGTH = 4 << 20;

  @Test
  void whoWritesDownWhatItReadsDoesNotWait() {
    try (Fd noTree = Memfd.sealed("no-tree", new byte[1])) {
      assertThatThrownBy(() ->
              Packer.run(
                  List.of(noTree), OutputStream.nullOutputStream(), (_, out) -> out.write('x')))
          .hasMessageContaining("cannot be confined");
    }
  }

  @Test
  void whoReadsForItDoesNotWait(@TempDir Path place) {
    int flags = OpenFlags.PATH | OpenFlags.CLOSE_ON_EXEC;
    try (Fd noTree = Memfd.sealed("no-tree", new byte[1]);
        Fd root = Open.path(place.toString(), flags)) {
      ByteArrayInputStream archive = new ByteArrayInputStream(new byte[LENGTH]);
      assertThatThrownBy(() ->
              Unpacker.run(archive, root, List.of(noTree), (in, _, _) -> in.readAllBytes().length))
          .hasMessageContaining("cannot be confined");
    }
  }
}
