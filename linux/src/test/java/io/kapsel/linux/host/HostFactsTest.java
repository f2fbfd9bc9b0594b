package io.kapsel.linux.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Scanner;
import org.junit.jupiter.api.Test;

class HostFactsTest {
  /** A number cut short would leave capabilities that nobody drops. */
  @Test
  void readsNumbersOfTheKernelWhole() throws Exception {
    try (Scanner scanner = new Scanner(Path.of("/proc/sys/kernel/cap_last_cap"))) {
      assertThat(HostFacts.probe().lastCapability()).isEqualTo(scanner.nextInt()).isGreaterThan(30);
    }
  }
}
