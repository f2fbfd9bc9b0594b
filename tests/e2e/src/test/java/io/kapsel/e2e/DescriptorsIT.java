package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The engine itself has no descriptors left for a while (row X5). */
class DescriptorsIT extends OnTwoHosts {
  private static void limit(int descriptors) {
    Command.of(
            "prlimit", "--pid", "" + hosts.product.engine(), "--nofile=" + descriptors + ":20000")
        .run()
        .ok();
  }

  private static Result tryAll(String name) {
    hosts.product.kapsel("exec", "lives", "/bin/true");
    hosts.product.kapsel("cp", "lives:/etc", "-");
    hosts.product.kapsel("create", "--name", name, TestRoot.reference(), "/bin/true");
    return hosts.product.kapsel("run", "--rm", TestRoot.reference(), "/bin/echo", "ran");
  }

  @Test
  void itSaysSoAndWorksAgainWhenThereAreSome() {
    hosts.kapsel("run", "-d", "--name", "lives", TestRoot.reference(), "/bin/sleep", "1000");
    long engine = hosts.product.engine();
    int used = HostFiles.names(Path.of("/proc/" + engine + "/fd")).size();
    boolean refused = false;
    for (int more = 1; more <= 30; more += 4) {
      limit(used + more);
      Result result = tryAll("try" + more);
      refused |= result.exitCode() == 125 && result.err().contains("EMFILE");
      assertThat(result.err()).doesNotContain("Exception", "the engine has failed");
    }
    limit(20_000);

    assertThat(refused).isTrue();
    assertThat(hosts.product.isEngine(engine)).isTrue();
    assertThat(tryAll("last").ok().line()).isEqualTo("ran");
    assertThat(hosts.kapsel("exec", "lives", "/bin/echo", "in")).isEqualTo("in");
    assertThat(HostFiles.names(Path.of("/proc/" + engine + "/fd")).size()).isLessThan(used + 40);
  }
}
