package io.kapsel.engine.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.socket.Credentials;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Where lines are sent to. */
class DestinationTest {
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.123456Z");
  private static final Credentials OWN = new Credentials((int) ProcessHandle.current().pid(), 0, 0);
  private static final String STAMP =
      DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.ROOT)
          .format(TIME.atZone(ZoneId.systemDefault()));

  private static LogLine line(boolean error, String text) {
    return new LogLine(error, TIME, text.getBytes(UTF_8), false);
  }

  private static String formatted(String name, LogLine line) {
    return new String(new SyslogFormat(name, 3, "host", "tag", 7).of(line), UTF_8);
  }

  @Test
  void linesAreWrittenAsTheStandardsSay() {
    assertThat(formatted("", line(false, "x"))).isEqualTo("<30>" + STAMP + " tag[7]: x");
    assertThat(formatted("rfc3164", line(true, "x"))).isEqualTo("<27>" + STAMP + " host tag[7]: x");
    assertThat(formatted("rfc5424", line(false, "x")))
        .matches("<30>1 2026-01-0\\dT\\d\\d:\\d\\d:05\\S+ host tag 7 tag - x");
    assertThat(formatted("rfc5424micro", line(false, "x"))).contains(":05.123456");
    assertThat(SyslogFormat.facility("local3")).isEqualTo(19);
    assertThat(SyslogFormat.facility("5")).isEqualTo(5);
    assertThat(SyslogFormat.facility("foo")).isEqualTo(-1);
    assertThat(SyslogFormat.facility("99")).isEqualTo(-1);
  }

  @Test
  void addressesAreRead() {
    assertThat(Syslog.Address.parse("udp://h")).isEqualTo(new Syslog.Address("udp", "h", 514));
    assertThat(Syslog.Address.parse("tcp://[::1]:99"))
        .isEqualTo(new Syslog.Address("tcp", "::1", 99));
    assertThat(Syslog.Address.parse("unix:///dev/log").place()).isEqualTo("/dev/log");
    assertThatThrownBy(() -> Syslog.Address.parse("foo"))
        .hasMessage("syslog-address should be in form proto://address, got foo");
    assertThatThrownBy(() -> Syslog.Address.parse("tcp://:x")).hasMessageContaining("no host");
  }

  @Test
  void datagramsArrive() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (DatagramSocket server = new DatagramSocket(0, loopback);
        Syslog syslog = syslog("udp", loopback.getHostAddress(), server.getLocalPort())) {
      server.setSoTimeout(20_000);
      syslog.send(line(false, "hello"));
      DatagramPacket packet = new DatagramPacket(new byte[1000], 1000);
      server.receive(packet);

      assertThat(new String(packet.getData(), 0, packet.getLength(), UTF_8))
          .isEqualTo("<30>" + STAMP + " tag[7]: hello");
    }
  }

  @Test
  void aLostConnectionIsMadeAgain() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (ServerSocket server = new ServerSocket(0, 5, loopback);
        Syslog syslog = syslog("tcp", loopback.getHostAddress(), server.getLocalPort())) {
      server.setSoTimeout(20_000);
      syslog.send(line(false, "one"));
      try (Socket first = server.accept()) {
        assertThat(first.getInputStream().readNBytes(4)).isEqualTo("<30>".getBytes(UTF_8));
        first.setSoLinger(true, 0);
      }
      boolean sent = false;
      for (int i = 0; i < 1000 && !sent; i++) {
        sent = again(syslog);
      }
      assertThat(sent).isTrue();
      try (Socket second = server.accept()) {
        assertThat(new String(second.getInputStream().readNBytes(4), UTF_8)).isEqualTo("<30>");
      }
    }
  }

  /** The first after the loss may still find room in the dead one. */
  private static boolean again(Syslog syslog) {
    try {
      syslog.send(line(false, "two"));
      return false;
    } catch (IOException _) {
      try {
        syslog.send(line(false, "two"));
        return true;
      } catch (IOException _) {
        return false;
      }
    }
  }

  private static Syslog syslog(String protocol, String host, int port) {
    return new Syslog(
        new Syslog.Address(protocol, host, port), new SyslogFormat("", 3, "h", "tag", 7), OWN);
  }

  @Test
  void namesOfFieldsAreThoseThatTheJournalTakes() {
    assertThat(Journal.fieldName("com.docker/x-1")).isEqualTo("COM_DOCKER_X_1");
    assertThat(Journal.fieldName("_1a")).isEqualTo("A");
  }

  @Test
  void linesAreMadeOfPieces() {
    Lines lines = new Lines();
    assertThat(lines.add(new LogRecord(false, TIME, "a\nb".getBytes(UTF_8))))
        .singleElement()
        .extracting(it -> new String(it.bytes(), UTF_8))
        .isEqualTo("a");
    assertThat(lines.add(new LogRecord(true, TIME, "e\n".getBytes(UTF_8))))
        .singleElement()
        .matches(LogLine::error);
    assertThat(lines.add(new LogRecord(false, TIME, "c\n".getBytes(UTF_8))))
        .singleElement()
        .extracting(it -> new String(it.bytes(), UTF_8))
        .isEqualTo("bc");
    assertThat(lines.add(new LogRecord(false, TIME, new byte[20_000])))
        .singleElement()
        .matches(it -> it.partial() && it.bytes().length == 16_384);
    assertThat(lines.rest(TIME))
        .singleElement()
        .matches(it -> it.bytes().length == 20_000 - 16_384);
  }

  @Test
  void aHostWithoutAnAddressCanBeTriedAgain() {
    Syslog.Address nowhere = new Syslog.Address("tcp", "nowhere.invalid", 1);
    try (Syslog syslog = new Syslog(nowhere, new SyslogFormat("", 3, "h", "t", 7), OWN)) {
      assertThatThrownBy(() -> syslog.send(line(false, "x"))).isInstanceOf(IOException.class);
    }
  }
}
