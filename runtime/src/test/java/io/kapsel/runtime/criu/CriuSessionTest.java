package io.kapsel.runtime.criu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.socket.SeqPacketSocket;
import io.kapsel.runtime.criu.CriuSession.Listener;
import io.kapsel.runtime.criu.CriuSession.Request;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The words that pass between us and CRIU. */
class CriuSessionTest {
  @Test
  void aMessageIsInTheEncodingOfProtobuf() {
    CriuMessage message =
        new CriuMessage()
            .number(1, 300)
            .flag(3, true)
            .text(13, "/a")
            .number(17, -1)
            .message(27, new CriuMessage().number(2, 0));
    assertThat(HexFormat.of().formatHex(message.bytes()))
        .isEqualTo("08ac0218016a022f618801ffffffffffffffffff01da01021000");
  }

  @Test
  void whatWasWrittenIsRead() {
    CriuFields fields =
        CriuFields.parse(
            new CriuMessage()
                .number(2, 1)
                .message(4, new CriuMessage().number(1, 4711))
                .text(9, "words")
                .bytes());
    assertThat(fields.number(2)).isEqualTo(1);
    assertThat(fields.number(3)).isZero();
    assertThat(fields.message(4).orElseThrow().number(1)).isEqualTo(4711);
    assertThat(fields.text(9)).contains("words");
  }

  @Test
  void anythingElseIsRefused() {
    for (String bytes :
        List.of("08", "0a05", "0aff", "0b", "08ffffffffffffffffffff01", "0affffffff0f")) {
      assertThatThrownBy(() -> CriuFields.parse(HexFormat.of().parseHex(bytes)))
          .as(bytes)
          .isInstanceOf(CriuException.class);
    }
  }

  @Test
  void stagesAreToldAndAnswered() throws Exception {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    List<String> stages = new ArrayList<>();
    try (CriuSession session = new CriuSession(pair.socket());
        SeqPacketSocket criu = SeqPacketSocket.of(pair.other())) {
      Thread other =
          Thread.ofVirtual()
              .start(() -> {
                criu.receive().orElseThrow().close();
                criu.send(
                    new CriuMessage()
                        .number(1, 6)
                        .flag(2, true)
                        .message(5, new CriuMessage().text(1, "post-restore").number(2, 42))
                        .bytes());
                byte[] answer = criu.receive().orElseThrow().bytes();
                assertThat(CriuFields.parse(answer).number(3)).isEqualTo(1);
                criu.send(
                    new CriuMessage()
                        .number(1, 2)
                        .flag(2, true)
                        .message(4, new CriuMessage().number(1, 42))
                        .bytes());
              });
      int pid =
          session.ask(
              Request.RESTORE,
              new CriuMessage(),
              (stage, about, _) -> stages.add(stage + " " + about));
      other.join();
      assertThat(pid).isEqualTo(42);
      assertThat(stages).containsExactly("post-restore 42");
    }
  }

  @Test
  void aFailureIsToldWithItsNumber() {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (CriuSession session = new CriuSession(pair.socket());
        SeqPacketSocket criu = SeqPacketSocket.of(pair.other())) {
      criu.send(new CriuMessage().number(1, 1).flag(2, false).number(7, 3).bytes());
      assertThatThrownBy(() -> session.ask(Request.DUMP, new CriuMessage(), Listener.NOBODY))
          .isInstanceOf(CriuException.class)
          .hasMessage("criu failed: type DUMP errno 3");
    }
  }

  @Test
  void anEndIsAFailure() {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (CriuSession session = new CriuSession(pair.socket())) {
      pair.other().close();
      assertThatThrownBy(() -> session.ask(Request.DUMP, new CriuMessage(), Listener.NOBODY))
          .isInstanceOf(CriuException.class);
    }
  }
}
