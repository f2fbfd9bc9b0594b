package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Docker, and the containerd that it starts, with Kapsel as their runtime. */
class DockerIT extends CallerTest implements DockerLikeContract {
  private static Dockerd dockerd;

  @BeforeAll
  static void start() {
    dockerd = Dockerd.start(home.resolve("d1"), installation, group);
    dockerd.client().call("import", archive().toString(), IMAGE).ok();
  }

  @AfterEach
  void removeThem() {
    dockerd.client().removeAll();
  }

  @AfterAll
  static void end() {
    dockerd.close();
  }

  @Override
  public DockerLike client() {
    return dockerd.client();
  }

  /** Docker does that itself. */
  @Override
  public void checkHealth(String name) {}

  /** conmon does not see it on a hybrid host, with runc neither. */
  @Test
  void thatMemoryWasTheReasonIsTold() {
    client()
        .detached(
            "c1",
            List.of("--memory", "32m", "--memory-swap", "32m"),
            "/bin/probe",
            "burn",
            "memory",
            "200");
    client().call("wait", "c1").ok();

    assertThat(client().inspect("c1", "{{.State.OOMKilled}}")).isEqualTo("true");
  }

  /** Only a whole daemon has them. */
  @Override
  public Result withUserNamespace(String... program) {
    try (Dockerd other = Dockerd.withUserNamespaces(home.resolve("u"), installation, group)) {
      other.client().call("import", home.resolve("image.tar").toString(), IMAGE).ok();
      return other.client().run(List.of(), program);
    }
  }
}
