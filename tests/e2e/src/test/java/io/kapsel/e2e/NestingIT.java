package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Containers in an unprivileged system container: by Podman and crun of this machine. */
class NestingIT extends EndToEnd {
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final String NAMESPACES =
      "unshare -Urpfm sh -c 'mount -t proc proc /mnt && ls /mnt' | head -1;"
          + " unshare -m sh -c 'mount --bind /srv /srv && mkdir -p /srv/old && cd /srv"
          + " && pivot_root . old && echo pivoted'";
  private static final String PODMAN =
      """
      set -e
      PATH=/host/usr/bin:/host/usr/sbin:$PATH
      echo /host/usr/lib/$(uname -m)-linux-gnu > /etc/ld.so.conf.d/host.conf
      ldconfig
      mkdir -p /root/r/bin /root/r/proc /root/r/sys /root/r/dev /root/r/etc /etc/containers
      cp /host/usr/bin/busybox /root/r/bin/sh
      echo '{"default":[{"type":"insecureAcceptAnything"}]}' > /etc/containers/policy.json
      podman --log-level error --storage-driver vfs --cgroup-manager cgroupfs \
        --runtime /host/usr/bin/crun --conmon /host/usr/bin/conmon \
        run --rm --pids-limit 0 --network none --rootfs /root/r sh -c 'echo inside $$'
      """;

  /** The same by this product's runtime, which is in a place of its own there. */
  private static final String OURS =
      "export JAVA_HOME=/opt/jdk\n"
          + PODMAN.replace("/host/usr/bin/crun", "/opt/kapsel/bin/kapsel-runc");

  private static void launch(String... flags) {
    java.util.List<String> all = new java.util.ArrayList<>(java.util.List.of("launch"));
    all.addAll(java.util.List.of(flags));
    all.addAll(java.util.List.of("debian/bookworm", "box"));
    product.command(all.toArray(String[]::new)).within(LONG).run().ok();
  }

  private static Result in(String script) {
    return product.command("exec", "box", "sh", "-c", script).within(Duration.ofSeconds(60)).run();
  }

  @Test
  void runsPodmanInside() {
    launch(
        "--nesting",
        "-v",
        "/usr:/host/usr:ro",
        "-v",
        System.getProperty("java.home") + ":/opt/jdk:ro",
        "-v",
        Product.DIST + ":/opt/kapsel:ro");

    assertThat(in(NAMESPACES).ok().out()).isEqualTo("1\npivoted\n");
    assertThat(in(PODMAN).ok().line()).isEqualTo("inside 1");
    assertThat(in(OURS).ok().line()).isEqualTo("inside 1");
    assertThat(in("systemctl is-system-running").line()).isEqualTo("running");
  }

  @Test
  void opensNothingUnlessAsked() {
    launch();

    assertThat(in(NAMESPACES).out()).isEmpty();
    assertThat(in("test -e /dev/.lxc").exitCode()).isEqualTo(1);
  }

  @Test
  void isForWholeSystems() {
    assertThat(kapsel("run", "--nesting", TestRoot.reference(), "true").err())
        .startsWith(
            "kapsel: only a whole system can run containers itself;"
                + " use 'launch' or --system with nesting\n");
  }
}
