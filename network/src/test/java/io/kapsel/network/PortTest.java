package io.kapsel.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.base.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms of {@code -p} are Docker's. */
class PortTest {
  private static Port only(String text) {
    List<Port> ports = Port.parse(text);
    assertThat(ports).hasSize(1);
    return ports.getFirst();
  }

  @Test
  void eachPartMayBeLeftOut() {
    assertThat(only("80")).isEqualTo(new Port("tcp", Optional.empty(), 0, 0, 80));
    assertThat(only("8080:80")).isEqualTo(new Port("tcp", Optional.empty(), 8080, 8080, 80));
    assertThat(only("8080:80/UDP")).isEqualTo(new Port("udp", Optional.empty(), 8080, 8080, 80));
    assertThat(only("127.0.0.1:8080:80").hostIp()).contains("127.0.0.1");
    assertThat(only("127.0.0.1::80").hostPort()).isZero();
    assertThat(only("[::1]:8080:80/sctp"))
        .isEqualTo(new Port("sctp", Optional.of("::1"), 8080, 8080, 80));
    assertThat(only("[::1]::80")).isEqualTo(new Port("tcp", Optional.of("::1"), 0, 0, 80));
  }

  @Test
  void rangesAreOfTheSameLengthOrAChoice() {
    assertThat(only("8000-8002:80-82").each())
        .extracting(Port::hostPort, Port::containerPort)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(8000, 80),
            org.assertj.core.groups.Tuple.tuple(8001, 81),
            org.assertj.core.groups.Tuple.tuple(8002, 82));
    assertThat(Port.parse("80-82")).hasSize(3);
    assertThat(only("8000-8009:80").lastHostPort()).isEqualTo(8009);
    assertThatThrownBy(() -> Port.parse("8000-8001:80-82"))
        .hasMessageContaining("invalid ranges specified for container and host");
  }

  @Test
  void aRangeIsOnePortForMany() {
    Port whole = only("1-65535:1-65535");
    assertThat(whole.each()).hasSize(65535);
    assertThat(whole.shown()).isEqualTo("0.0.0.0:1-65535->1-65535/tcp");
    assertThat(only("8000-8001:80-81").each())
        .extracting(Port::shown)
        .containsExactly("0.0.0.0:8000->80/tcp", "0.0.0.0:8001->81/tcp");
    assertThatThrownBy(() -> new Port("tcp", Optional.empty(), 65535, 65535, 80, 2))
        .hasMessageContaining("invalid range of 2 ports from 65535");
  }

  @Test
  void listsHaveALongRangeAsOne() {
    assertThat(Port.listed(Port.parse("8000-8009:8000-8009"))).hasSize(10);
    assertThat(Port.listed(Port.parse("10000-29999:10000-29999")))
        .extracting(Port::inside)
        .containsExactly("10000-29999/tcp");
  }

  @Test
  void aPortOfAnOlderFileIsASingleOne() {
    String text =
        "{\"protocol\":\"tcp\",\"hostPort\":80,\"lastHostPort\":80,\"containerPort\":8080}";
    assertThat(Json.read(text.getBytes(StandardCharsets.UTF_8), Port.class))
        .isEqualTo(new Port("tcp", Optional.empty(), 80, 80, 8080, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "80:",
        "a:80",
        "80:a",
        "0",
        "65536",
        "70000:80",
        "80/xyz",
        "82-80",
        "localhost:80:80",
        "1.2.3.4:80:80:80",
        "-1",
        "80\n",
        "8080:80\u0000"
      })
  void whatIsNoPortIsRefused(String text) {
    assertThatThrownBy(() -> Port.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
