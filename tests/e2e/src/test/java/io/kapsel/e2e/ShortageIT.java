package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** An engine that begins with too few descriptors to reach all monitors harms no container. */
class ShortageIT extends EndToEnd {
  private static final int CONTAINERS = 30;

  private static String name(int which) {
    return "lives-" + which;
  }

  private static List<String> pids() {
    return IntStream.range(0, CONTAINERS)
        .mapToObj(i -> kapsel("inspect", "-f", "{{.State.Pid}}", name(i)).ok().line())
        .toList();
  }

  @Test
  void whatRunsGoesOn() {
    for (int i = 0; i < CONTAINERS; i++) {
      kapsel("run", "-d", "--name", name(i), TestRoot.reference(), "/bin/sleep", "1000").ok();
    }
    List<String> before = pids();
    for (int descriptors = 64; descriptors <= 72; descriptors += 4) {
      product.killEngine();
      String limit = "--nofile=" + descriptors + ":" + descriptors;
      product
          .environment(
              Command.of("prlimit", limit, Product.DIST.resolve("bin/kapsel").toString(), "ps"))
          .run();
    }
    product.killEngine();

    assertThat(pids()).isEqualTo(before);
    for (int i = 0; i < CONTAINERS; i++) {
      assertThat(kapsel("exec", name(i), "/bin/echo", "here").ok().line()).isEqualTo("here");
    }
    assertThat(HostFiles.read(product.run().resolve("engine.log").toString()))
        .contains("cannot be reached yet, which is tried again");
  }
}
