package io.kapsel.linux.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatagramListenerTest {
  @TempDir Path directory;

  @Test
  void tellsWhoSentAMessage() {
    String path = directory.resolve("notify").toString();
    try (DatagramListener listener = DatagramListener.bind(path, 0600);
        Fd sender = Connector.connect(path, SocketKind.DATAGRAMS)) {
      byte[] text = "READY=1".getBytes(StandardCharsets.UTF_8);
      int _ = SocketCalls.send(sender, text, 0, text.length);

      DatagramListener.Datagram received = listener.receive();

      assertThat(received.text()).isEqualTo("READY=1");
      assertThat(received.sender().pid()).isEqualTo((int) ProcessHandle.current().pid());
    }
  }

  @Test
  void closesWhatIsSentAlong() {
    String path = directory.resolve("notify").toString();
    try (DatagramListener listener = DatagramListener.bind(path, 0600);
        Fd sender = Connector.connect(path, SocketKind.DATAGRAMS)) {
      int _ = SocketCalls.send(sender, new byte[] {1}, 0, 1, sender, sender);

      assertThat(listener.receive().text()).hasSize(1);
    }
  }
}
