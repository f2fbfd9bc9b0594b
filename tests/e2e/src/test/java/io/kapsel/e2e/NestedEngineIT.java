package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** This engine in an unprivileged system container, and a system container in that. */
class NestedEngineIT extends EndToEnd {
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final String SMALL =
      """
      mkdir -p /root/r/bin /root/r/www
      cp /host/usr/bin/busybox /root/r/bin/
      for name in sh cat echo httpd id kill ls mknod mount mkdir rm sleep true umount wget; do
        ln -sf busybox /root/r/bin/$name
      done
      echo page > /root/r/www/index.html
      tar -C /root/r -cf /root/r.tar .
      kapsel import /root/r.tar small > /dev/null
      """;

  @BeforeEach
  void launch() {
    product
        .command(
            "launch",
            "--nesting",
            "-v",
            "/usr:/host/usr:ro",
            "-v",
            System.getProperty("java.home") + ":/opt/jdk:ro",
            "-v",
            Product.DIST + ":/opt/kapsel:ro",
            "debian/bookworm",
            "box")
        .within(LONG)
        .run()
        .ok();
    assertThat(in(SMALL).ok().out()).isEmpty();
  }

  private static Result in(String script) {
    return product
        .command(
            "exec",
            "-e",
            "JAVA_HOME=/opt/jdk",
            "-e",
            "PATH=/opt/kapsel/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "box",
            "sh",
            "-ec",
            script)
        .within(Duration.ofSeconds(90))
        .run();
  }

  @Test
  void hasASessionInside() {
    assertThat(in("kapsel run --rm host: echo hi").ok().out()).isEqualTo("hi\n");
    assertThat(in("kapsel doctor").ok().out())
        .contains("all containers have the engine's own ids", "see the lines with •");
    in("kapsel network create lan;"
            + "kapsel run -d --name web --network lan -p 8080:80 -v data:/data small"
            + " sh -c 'echo begun; exec httpd -f -p 80 -h /www'")
        .ok();
    assertThat(in("kapsel exec web sh -c 'echo kept > /data/f; id -u'").ok().line()).isEqualTo("0");
    assertThat(in("/host/usr/bin/busybox wget -qO- http://127.0.0.1:8080/").ok().line())
        .isEqualTo("page");
    assertThat(in("kapsel logs web").ok().line()).isEqualTo("begun");
    in("kapsel exec web sh -c 'rm -r /www; mkdir /www; echo new > /www/index.html'").ok();
    in("kapsel commit web next").ok();
    in("kapsel stop -t 1 web; kapsel rm web").ok();
    assertThat(
            in("kapsel run --rm -v data:/data next sh -c 'ls /www; cat /www/* /data/f'").ok().out())
        .isEqualTo("index.html\nnew\nkept\n");
    assertThat(in("kapsel run -t --rm next ls /dev/console").ok().line()).isEqualTo("/dev/console");
  }

  @Test
  void hasSystemsInsideThatHaveContainers() {
    in("kapsel launch --nesting host: inner").ok();
    assertThat(in("kapsel exec inner systemctl is-system-running").line()).isEqualTo("running");
    assertThat(
            in("kapsel cp /root/r.tar inner:/root/;"
                    + " kapsel exec -e JAVA_HOME=/opt/jdk inner sh -ec '"
                    + "/opt/kapsel/bin/kapsel import /root/r.tar small > /dev/null;"
                    + " /opt/kapsel/bin/kapsel run --rm small echo third'")
                .ok()
                .line())
        .isEqualTo("third");
    in("kapsel stop inner; kapsel rm inner").ok();
    assertThat(in("kapsel volume ls -q").ok().out()).as("what it had for its engines").isEmpty();
  }

  /** Whatever a container inside tries: neither the system that it is in nor the host gives way. */
  @Test
  void letsNobodyOut() {
    String attack =
        "for file in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/swappiness"
            + " /sys/fs/cgroup/cgroup.max.depth; do"
            + "  (echo 1 > $file) 2> /dev/null && echo wrote $file; done;"
            + " mknod /disk b 8 0 2> /dev/null && echo made a node;"
            + " mount -t tmpfs none /www 2> /dev/null && echo mounted;"
            + " umount /proc/sys 2> /dev/null && echo uncovered;"
            + " ls /proc | while read pid; do case $pid in *[!0-9]*) ;; *)"
            + "   cat /proc/$pid/comm 2> /dev/null;; esac; done";
    String before = setting();
    Result confined = in("kapsel run --rm small sh -c '" + attack + "'");
    assertThat(confined.out()).doesNotContain("wrote", "made", "mounted", "uncovered", "systemd");

    String more = attack.replace("for file in ", "for file in /proc/kcore /sys/power/state ");
    Result privileged = in("kapsel run --rm --privileged small sh -c '" + more + "'");
    assertThat(privileged.out())
        .contains("mounted") // in its own user namespace
        .doesNotContain("wrote /proc", "wrote /sys/power", "made", "systemd");
    assertThat(setting()).isEqualTo(before);
    assertThat(in("kapsel run --rm small cat /proc/self/uid_map").ok().line().split(" +"))
        .as("a user namespace of its own, with the ids of the system's")
        .containsExactly("", "0", "0", "65536");
    assertThat(in("systemctl is-system-running").line()).isEqualTo("running");
  }

  /** A file of /proc/sys may give its first byte alone to a small read. */
  private static String setting() {
    return Command.of("cat", "/proc/sys/vm/swappiness").run().ok().line();
  }

  @Test
  void hasVolumesForEnginesThatGoWithIt() {
    List<String> volumes = kapsel("volume", "ls", "-q").ok().lines();
    assertThat(volumes).hasSize(3);
    assertThat(in("stat -f -c %T /var/lib/docker /var/lib/containers /var/lib/kapsel").ok().out())
        .doesNotContain("overlay");
    kapsel("rm", "-f", "box").ok();
    assertThat(kapsel("volume", "ls", "-q").ok().out()).isEmpty();
  }
}
