package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What can be made of a container that is there, and back again. */
class UpdateIT extends EndToEnd {
  private static void start(String name, String... flags) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sleep", "4343"));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static String in(String name, String script) {
    return kapsel("exec", name, "/bin/sh", "-c", script).ok().line();
  }

  private static String look(String name, String template) {
    return kapsel("inspect", "--format", template, name).ok().line();
  }

  @Test
  void anotherEnvironmentNeedsANewStartOnTheSameFiles() {
    start("app", "-e", "MODE=old", "-e", "GONE=1", "-l", "a=1");
    in("app", "echo kept > /kept");
    String id = look("app", "{{.Id}}");
    Result unasked = kapsel("update", "--env-add", "MODE=new", "app");

    assertThat(unasked.exitCode()).isEqualTo(1);
    assertThat(unasked.err())
        .contains(
            "'app' has to be started anew, on the same files, for its environment; say --yes");
    assertThat(in("app", "echo $MODE")).isEqualTo("old");
    kapsel("update", "-y", "-e", "MODE=new", "--env-rm", "GONE", "-l", "b=2", "app").ok();
    assertThat(in("app", "echo $MODE:$GONE:$(cat /kept)")).isEqualTo("new::kept");
    assertThat(look("app", "{{.Id}} {{json .Config.Labels}}"))
        .isEqualTo(id + " {\"a\":\"1\",\"b\":\"2\"}");
    product.killEngine();

    kapsel("update", "--rollback", "--yes", "app").ok();
    assertThat(in("app", "echo $MODE:$GONE:$(cat /kept)")).isEqualTo("old:1:kept");
    kapsel("update", "--rollback", "--yes", "app").ok();
    assertThat(in("app", "echo $MODE")).isEqualTo("new");
  }

  @Test
  void labelsAndLimitsChangeWithoutAStart() {
    start("app", "-l", "a=1", "-m", "64m");
    String pid = look("app", "{{.State.Pid}}");

    kapsel("update", "--label-rm", "a", "-l", "b=2", "-m", "32m", "app").ok();
    assertThat(look("app", "{{.State.Pid}} {{json .Config.Labels}} {{.HostConfig.Memory}}"))
        .isEqualTo(pid + " {\"b\":\"2\"} 33554432");
    kapsel("update", "--rollback", "app").ok();
    assertThat(look("app", "{{.State.Pid}} {{json .Config.Labels}} {{.HostConfig.Memory}}"))
        .isEqualTo(pid + " {\"a\":\"1\"} 67108864");
  }

  @Test
  void mountsComeAndGo() {
    Path file = product.home().resolve("shown");
    HostFiles.write(file, "of the host\n");
    start("app", "-v", "kept:/data");
    in("app", "echo 1 > /data/one");

    String pid = look("app", "{{.State.Pid}}");

    kapsel("update", "-v", file + ":/etc/shown:ro", "--mount-rm", "/data", "app").ok();
    assertThat(in("app", "cat /etc/shown; ls /data | wc -l")).isEqualTo("of the host\n0");
    assertThat(in("app", "echo x >/etc/shown || true")).isEmpty();
    kapsel("update", "--mount-add", "type=volume,source=kept,target=/again", "app").ok();
    assertThat(in("app", "cat /again/one; touch /again/own; stat -c %u /again/own"))
        .isEqualTo("1\n0");
    assertThat(look("app", "{{.State.Pid}} {{len .Mounts}}")).isEqualTo(pid + " 2");
    kapsel("update", "--rollback", "app").ok();
    assertThat(in("app", "ls /again | wc -l")).isEqualTo("0");
    product.killEngine();
    kapsel("restart", "-t", "0", "app").ok();
    assertThat(in("app", "cat /etc/shown; ls /again | wc -l")).isEqualTo("of the host\n0");
    kapsel("rm", "-f", "app").ok();
    kapsel("volume", "rm", "kept").ok();
  }

  @Test
  void mountsChangeAllOrNoneAndFollowNoLink() {
    Path file = product.home().resolve("shown");
    HostFiles.write(file, "of the host\n");
    start("app", "-v", file + ":/there");
    in("app", "ln -s /proc /way; ln -s /there /other");
    String ofKernel = "grep ' /proc' /proc/mounts";
    String mounts = in("app", ofKernel);

    for (String place : List.of("/way/kcore", "/other")) {
      Result refused = kapsel("update", "--mount-rm", "/there", "-v", file + ":" + place, "app");
      assertThat(refused.exitCode()).isEqualTo(1);
      assertThat(refused.err()).contains("ELOOP").contains("stop it, update it, and start it");
    }
    assertThat(in("app", "cat /there")).isEqualTo("of the host");
    assertThat(in("app", ofKernel)).isEqualTo(mounts);
    assertThat(look("app", "{{len .Mounts}}")).isEqualTo("1");
    Result asked = kapsel("update", "--mount-add", "type=tmpfs,target=/t", "app");
    assertThat(asked.err()).contains("has to be started anew, on the same files, for its mounts");
  }

  @Test
  void whatMakesNoSenseChangesNothing() {
    start("app", "-e", "A=1");

    assertThat(kapsel("update", "-y", "--env-rm", "B", "app").err()).contains("no variable 'B'");
    assertThat(kapsel("update", "-y", "--mount-rm", "/x", "app").err())
        .contains("no mount at '/x'");
    assertThat(kapsel("update", "-y", "-p", "80", "app").err()).contains("it is in no network");
    assertThat(
            kapsel("update", "-y", "--mount-add", "type=bind,source=/absent,target=/x", "app")
                .err())
        .contains("bind source path does not exist");
    assertThat(kapsel("update", "--rollback", "app").err()).contains("nothing to go back to");
    assertThat(in("app", "echo $A")).isEqualTo("1");
  }

  @Test
  void aStartThatFailsIsTakenBack() {
    start("app");
    Result failed =
        kapsel("update", "-y", "--mount-add", "type=tmpfs,target=/bin,tmpfs-size=1m", "app");

    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.err()).contains("'kapsel update --rollback app' brings back what it was");
    kapsel("update", "--rollback", "app").ok();
    kapsel("start", "app").ok();
    assertThat(in("app", "echo well")).isEqualTo("well");
  }

  @Test
  void aVolumeInMemoryHasASize() {
    kapsel("volume", "create", "-o", "type=tmpfs", "-o", "size=1m", "small").ok();

    assertThat(sh(List.of("-v", "small:/s"), "df -k /s | tail -1")).contains(" 1024 ");
    assertThat(kapsel("volume", "create", "-o", "size=1m", "xx").err()).contains("at least 16 MiB");
    kapsel("volume", "rm", "small").ok();
  }
}
