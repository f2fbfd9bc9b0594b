package io.kapsel.e2e;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** Podman, and conmon below it, with Kapsel as their runtime. */
class PodmanIT extends CallerTest implements DockerLikeContract {
  /** As docs/guide/podman.md says. */
  private static final String CONFIGURATION =
      """
      [engine]
      runtime = "kapsel"
      cgroup_manager = "cgroupfs"
      events_logger = "file"
      runtime_supports_json = ["crun", "runc", "kata", "runsc", "krun", "kapsel"]

      [engine.runtimes]
      kapsel = ["%s"]
      """;

  private static DockerLike podman;

  @BeforeAll
  static void importImage() {
    Path configuration = home.resolve("containers.conf");
    HostFiles.write(configuration, CONFIGURATION.formatted(installation.runtime()));
    List<String> prefix =
        new ArrayList<>(List.of("env", "CONTAINERS_CONF=" + configuration, "podman"));
    prefix.addAll(List.of("--root", home.resolve("root").toString()));
    prefix.addAll(List.of("--runroot", home.resolve("run").toString()));
    prefix.addAll(List.of("--tmpdir", home.resolve("tmp").toString()));
    prefix.addAll(List.of("--storage-driver", "overlay"));
    podman =
        new DockerLike(
            prefix,
            List.of("--network", "none", "--cgroup-parent", "/" + group),
            List.of("rm", "--force", "--volumes", "--time", "0"));
    podman.call("import", archive().toString(), IMAGE).ok();
  }

  @AfterEach
  void removeThem() {
    podman.removeAll();
  }

  @AfterAll
  static void end() {
    podman.call("rmi", "--all", "--force").ok();
    Command.of("umount", home.resolve("root/overlay").toString()).run();
  }

  @Override
  public DockerLike client() {
    return podman;
  }

  /** Timers of systemd would do it. */
  @Override
  public void checkHealth(String name) {
    podman.call("healthcheck", "run", name);
  }

  @Override
  public Result withUserNamespace(String... program) {
    return podman.run(List.of("--uidmap", "0:200000:65536", "--gidmap", "0:200000:65536"), program);
  }
}
