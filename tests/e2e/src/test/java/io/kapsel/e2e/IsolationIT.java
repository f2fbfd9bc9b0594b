package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a process is born with, compared with golden files, one per mode (row E1). */
class IsolationIT extends EndToEnd {
  private static final Pattern NAMESPACE = Pattern.compile("\"ns_(\\w+)\": \"(\\w+:\\[\\d+])\"");

  /** Replaces what differs from container to container and keeps what must not. */
  private static String stable(String json) {
    Matcher matcher = NAMESPACE.matcher(json);
    String text =
        matcher.replaceAll(match -> {
          boolean host = HostFiles.link("/proc/self/ns/" + match.group(1)).equals(match.group(2));
          return "\"ns_" + match.group(1) + "\": \"" + (host ? "host" : "own") + "\"";
        });
    return text.replaceAll("(\"[ug]id_map\": \" ?0) [1-9]\\d+ ", "$1 RANGE ")
        .replaceAll("(\"env_HOSTNAME\": )\"[0-9a-f]{12}\"", "$1\"ID\"")
        .replaceAll("(\"(pid|session|group)\": )\"([2-9]|\\d{2,})\"", "$1\"N\"")
        .replaceAll("(\"rlimit_(nofile|nproc|sigpending|memlock)\": )\".*\"", "$1\"HOST\"");
  }

  private static void check(String name, Result result) {
    Golden.check("identity-" + name + ".json", stable(result.ok().out()));
  }

  @Test
  void byDefault() {
    check("default", run("/bin/probe", "identity"));
  }

  /** What looks like a key to other engines is a label to this one (row C13). */
  @Test
  void whateverItsLabelsSay() {
    String labels =
        """
        io.kapsel.privileged=true
        io.kapsel.userns=host
        run.oci.seccomp.receiver=/tmp/socket
        run.oci.mount_context_type=rootcontext
        org.opencontainers.runc.keep-caps=ALL
        io.katacontainers.config.hypervisor.path=/bin/sh
        io.kubernetes.cri-o.userns-mode=host
        nvidia.cdi=all
        """;
    List<String> flags =
        labels.lines().flatMap(label -> List.of("--label", label).stream()).toList();

    check("default", run(flags, "/bin/probe", "identity"));
  }

  @Test
  void asAUser() {
    check("user", run(List.of("-u", "user"), "/bin/probe", "identity"));
  }

  @Test
  void withoutNewPrivileges() {
    check("nnp", run(List.of("--security-opt", "no-new-privileges"), "/bin/probe", "identity"));
  }

  @Test
  void privileged() {
    check("privileged", run(List.of("--privileged"), "/bin/probe", "identity"));
  }

  @Test
  void withoutAUserNamespace() {
    check("userns-host", run(List.of("--userns", "host"), "/bin/probe", "identity"));
  }

  @Test
  void executed() {
    kapsel("run", "-d", "--name", "xx", TestRoot.reference(), "/bin/sleep", "100").ok();

    check("exec", kapsel("exec", "xx", "/bin/probe", "identity"));
  }

  @Test
  void mounts() {
    String table =
        sh("cut -d' ' -f4-6 /proc/self/mountinfo | sed 's|^/kapsel/[0-9a-f]*|/ID|'; true");

    assertThat(table.lines())
        .allMatch(line ->
            line.matches(
                "\\S+ /(|proc|proc/\\S+|dev|dev/\\S+|sys|sys/\\S+|etc/(hosts|hostname|resolv.conf)) .*"))
        .anyMatch(line -> line.contains(" /proc/keys "))
        .anyMatch(line -> line.matches(".* /proc/sys ro,.*"))
        .anyMatch(line -> line.matches(".* /sys ro,.*"));
    assertThat(table.lines().filter(line -> !line.contains(" /etc/")))
        .noneMatch(line -> line.contains(product.home().toString()));
  }

  @Test
  void devices() {
    assertThat(sh("ls /dev"))
        .isEqualTo(
            String.join(
                "\n",
                "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
                    .split(" ")));
    assertThat(
            sh(
                "echo x > /dev/null && head -c 3 /dev/zero | wc -c; echo x 2>/dev/null > /dev/full; echo $?"))
        .isEqualTo("3\n1");
  }

  @Test
  void twoContainersDoNotSeeEachOther() {
    kapsel("run", "-d", "--name", "other", TestRoot.reference(), "/bin/sleep", "4242").ok();

    assertThat(sh("ps")).doesNotContain("4242");
    for (String name : List.of("mnt", "pid", "net", "ipc", "uts", "user", "cgroup")) {
      assertThat(sh("readlink /proc/self/ns/" + name))
          .isNotEqualTo(
              kapsel("exec", "other", "/bin/readlink", "/proc/self/ns/" + name).ok().line())
          .isNotEqualTo(HostFiles.link("/proc/self/ns/" + name));
    }
  }
}
