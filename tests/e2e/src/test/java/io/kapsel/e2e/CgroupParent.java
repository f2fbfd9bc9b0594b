package io.kapsel.e2e;

import java.util.UUID;

/** A control group below which others put what they make, and which they leave. */
record CgroupParent(String name) implements AutoCloseable {
  static CgroupParent fresh() {
    return new CgroupParent("kapsel-e2e-" + UUID.randomUUID().toString().substring(0, 8));
  }

  /** Also plain directories and files of that name, which Podman makes for missing hierarchies. */
  @Override
  public void close() {
    String path = "*/" + name;
    Command.of(
            "find",
            "/sys/fs/cgroup",
            "(",
            "-path",
            path,
            "-o",
            "-path",
            path + "/*",
            ")",
            "-delete")
        .run();
  }
}
