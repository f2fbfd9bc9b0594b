package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Flags that Docker's users know besides those that everybody uses: each works, or says why not.
 */
class DockerFlagsIT extends EndToEnd {
  /** Makes a control group below its own, where that is of version 2. */
  private static final String GROUP =
      "mkdir /sys/fs/cgroup/x 2>/dev/null && rmdir /sys/fs/cgroup/x && echo made || echo refused";

  private record Effect(String flags, String script, String printed) {}

  private static List<Effect> effects() {
    return List.of(
        new Effect("--security-opt systempaths=unconfined", "grep ' /proc/' /proc/mounts; :", ""),
        new Effect("--security-opt writable-cgroups=true", GROUP, "made"),
        new Effect("--security-opt writable-cgroups=false", GROUP, "refused"),
        new Effect("--attach stdout", "echo out; echo err >&2", "out"),
        new Effect("-a STDERR", "echo out; echo err >&2", ""),
        new Effect("-q --runtime kapsel", "echo on", "on"),
        new Effect("--annotation note=1 --annotation org.example/x=y=z", "echo on", "on"),
        new Effect("--memory-swappiness -1", "echo on", "on"),
        new Effect("--detach-keys ctrl-a,x", "echo on", "on"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("effects")
  void worksInTheContainer(Effect effect) {
    assertThat(sh(List.of(effect.flags().split(" ")), effect.script())).isEqualTo(effect.printed());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "run --gpus all | --device",
        "run --link-local-ip 169.254.1.1 | --ip",
        "run --cgroup-parent /x | below /kapsel",
        "run --storage-opt size=1g | volume with a size",
        "run --runtime runc | there is only 'kapsel'",
        "run -a stdinn | valid streams are STDIN, STDOUT and STDERR",
        "run -d -a stdout | cannot specify both --attach and --detach",
        "run --detach-keys ctrl-! | unknown character: 'ctrl-!'",
        "run --detach-keys a,b,c,d | more than 3",
        "run --memory-swappiness 101 | swappiness range is 0-100",
        "run --security-opt systempaths=all | not systempaths=unconfined",
        "run --device-cgroup-rule c:1 | invalid device cgroup format",
        "run --annotation plain | not KEY=value",
        "run --label-file /absent | no such file",
        "network create --ipam-driver dhcp | there is only 'default'",
        "network create --ipv4=false | every network has IPv4",
        "network connect --link a:b | by name",
        "images --tree | kapsel image du",
        "ps --filter publish=x | x",
      })
  void isRefusedByName(String words, String reason) {
    List<String> all = new ArrayList<>(List.of(words.split(" ")));
    if (all.getFirst().equals("run")) {
      all.addAll(List.of(TestRoot.reference(), "/bin/true"));
    } else if (all.getFirst().equals("network")) {
      all.addAll(all.get(1).equals("create") ? List.of("net") : List.of("bridge", "c"));
    }
    Result result = kapsel(all.toArray(String[]::new));

    assertThat(result.exitCode()).as(result.toString()).isIn(1, 125);
    assertThat(result.err()).contains(reason);
  }

  @Test
  void onlyTheStreamsThatAreNamedComeThrough() {
    String script = "echo out; echo err >&2; cat";
    Result errors = tryRun(List.of("-a", "stderr"), "/bin/sh", "-c", script);
    assertThat(errors.out()).isEmpty();
    assertThat(errors.err()).isEqualTo("err\n");

    Result input =
        product
            .command("run", "--name", "eats", "-i", "-a", "stdin", TestRoot.reference(), "/bin/cat")
            .input("eaten\n")
            .run()
            .ok();
    assertThat(input.out()).isEmpty();
    assertThat(kapsel("logs", "eats").ok().line()).isEqualTo("eaten");
  }

  @Test
  void labelsAndAnnotationsAreSeenByInspect() {
    Path file = product.home().resolve("labels");
    HostFiles.write(file, "# note\nfrom=file\nover=file\nbare\n");
    kapsel(
            "create",
            "--name",
            "marked",
            "--label-file",
            file.toString(),
            "-l",
            "over=flag",
            "--annotation",
            "org.example/x=y=z",
            TestRoot.reference(),
            "/bin/true")
        .ok();

    String template = "{{json .Config.Labels}} {{json .HostConfig.Annotations}}";
    assertThat(kapsel("inspect", "--format", template, "marked").ok().line())
        .isEqualTo("{\"from\":\"file\",\"over\":\"flag\"} {\"org.example/x\":\"y=z\"}");
  }

  @Test
  void aDeviceRuleLetsOneKindOfDeviceThrough() {
    String open = "mknod /tmp/k c 1 11 && : > /tmp/k && echo opened";
    List<String> flags = new ArrayList<>(List.of("--userns", "host", "--cap-add", "MKNOD"));
    assertThat(tryRun(flags, "/bin/sh", "-c", open).err()).contains("Operation not permitted");
    flags.addAll(List.of("--device-cgroup-rule", "c 1:11 rwm"));

    assertThat(sh(flags, open)).isEqualTo("opened");
    assertThat(tryRun(flags, "/bin/sh", "-c", open.replace("1 11", "1 1")).err())
        .contains("Operation not permitted");
  }

  /** Version 2 of control groups has neither, and says so. */
  @Test
  void memoryIsReclaimedAsWished() {
    Path memory = Path.of("/sys/fs/cgroup/memory");
    List<String> swappiness = List.of("-m", "64m", "--memory-swappiness", "7");
    if (!Files.isDirectory(memory)) {
      assertThat(tryRun(swappiness, "/bin/true").err()).contains("swappiness");
      return;
    }
    List<String> all = new ArrayList<>(List.of("run", "-d", "--name", "swaps"));
    all.addAll(swappiness);
    all.addAll(List.of("--oom-kill-disable", TestRoot.reference(), "/bin/sleep", "4343"));
    String id = kapsel(all.toArray(String[]::new)).ok().line();
    Path group = memory.resolve("kapsel").resolve(id);

    assertThat(HostFiles.read(group + "/memory.swappiness").strip()).isEqualTo("7");
    assertThat(HostFiles.read(group + "/memory.oom_control")).contains("oom_kill_disable 1");
  }

  @Test
  void theKeysThatLeaveAreThoseThatWereAskedFor() {
    new Expect(product)
        .run(
            """
            spawn $kapsel run -it --name keys --detach-keys ctrl-a,x ROOT /bin/sh
            want {# }
            send "\\020\\021echo sta''yed\\r"
            want {stayed}
            send "\\001x"
            ends 0
            spawn $kapsel attach --detach-keys=ctrl-b keys
            send "echo sti''ll\\r"
            want {still}
            send "\\002"
            ends 0
            """
                .replace("ROOT", TestRoot.reference()));
    assertThat(kapsel("ps", "--format", "{{.Names}}").ok().line()).isEqualTo("keys");
  }

  @Test
  void aPruneAsksFirst() {
    kapsel("create", "--name", "old", TestRoot.reference(), "/bin/true").ok();
    String question =
        "WARNING! This will remove all stopped containers.\n"
            + "Are you sure you want to continue? [y/N] ";
    for (String answer : List.of("", "n\n", "no\n", "yess\n")) {
      Result kept = product.command("container", "prune").input(answer).run().ok();
      assertThat(kept.out()).isEqualTo(question);
    }
    new Expect(product)
        .run(
            """
            spawn $kapsel system prune --volumes
            want {all anonymous volumes not used by at least one container}
            want {continue\\? \\[y/N\\] }
            send "n\\r"
            ends 0
            """);
    assertThat(kapsel("ps", "-aq").ok().lines()).hasSize(1);

    Result removed = product.command("container", "prune").input("y\n").run().ok();
    assertThat(removed.out()).startsWith(question + "Deleted Containers:\n");
    assertThat(kapsel("ps", "-aq").ok().lines()).isEmpty();
    kapsel("volume", "create", "--label", "prune=me", "left").ok();
    assertThat(product.command("volume", "prune", "-a").input("Y\n").run().ok().out())
        .contains("all local volumes", "Deleted Volumes:\nleft");
  }

  @Test
  void containersAreFoundByTheirPortsAndThingsByOtherNames() {
    kapsel(
            "create",
            "--name",
            "web",
            "--network",
            "none",
            "--expose",
            "81",
            TestRoot.reference(),
            "/bin/true")
        .ok();
    String names = "{{.Names}}";
    assertThat(
            kapsel("container", "ps", "-a", "-f", "expose=81/tcp", "--format", names).ok().line())
        .isEqualTo("web");
    assertThat(kapsel("container", "list", "-a", "-f", "expose=82", "--format", names).ok().line())
        .isEmpty();
    assertThat(kapsel("ps", "-a", "-f", "publish=81", "--format", names).ok().line()).isEmpty();
    assertThat(kapsel("inspect", "--type", "network", "--format", "{{.Name}}", "none").ok().line())
        .isEqualTo("none");
    kapsel("container", "remove", "web").ok();
  }
}
