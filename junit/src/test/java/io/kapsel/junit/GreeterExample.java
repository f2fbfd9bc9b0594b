package io.kapsel.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.api.Container;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("guide")
class GreeterExample {
  @KapselContainer(
      image = "host:",
      command = {"sh", "-c", "touch /tmp/up; echo ready; exec sleep 1000"},
      health = "test -e /tmp/up")
  static Container shared; // one for all tests of the class

  @KapselContainer(
      image = "host:",
      env = "GREETING=hello",
      command = {"sh", "-c", "sleep 1; echo $GREETING; exec sleep 1000"},
      waitForLog = "hel+o")
  Container own; // a new one for each test

  @Test
  void aContainerIsReadyWhenTheTestBegins() throws InterruptedException {
    assertThat(own.log()).isEqualTo("hello\n");
    assertThat(shared.exec("cat", "/tmp/up").exitCode()).isZero();
  }

  @Test
  void aParameterIsGivenOneToo(@KapselContainer(image = "host:", command = "cat") Container third)
      throws InterruptedException {
    assertThat(third.await().code()).isZero();
  }
}
