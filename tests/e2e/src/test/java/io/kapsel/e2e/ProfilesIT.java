package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Options under names, which stack. */
class ProfilesIT extends EndToEnd {
  @AfterEach
  void removeProfiles() {
    kapsel("profile", "ls", "--format", "{{.Name}}")
        .out()
        .lines()
        .forEach(name -> kapsel("profile", "rm", name));
  }

  private static String inspected(String format, String... flags) {
    java.util.List<String> words = new java.util.ArrayList<>(java.util.List.of("create"));
    words.addAll(java.util.List.of(flags));
    words.addAll(java.util.List.of(TestRoot.reference(), "true"));
    String id = kapsel(words.toArray(String[]::new)).ok().line();
    return kapsel("inspect", "--format", format, id).ok().line();
  }

  @Test
  void laterOnesAndTheCommandWin() {
    kapsel("profile", "create", "small", "--memory", "64m", "-e", "A=1", "--cpus=0.5").ok();
    kapsel("profile", "create", "wide", "--memory", "128m", "-e", "B=2").ok();

    String format = "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.Config.Env}}";
    assertThat(inspected(format, "--profile", "small", "--profile", "wide"))
        .startsWith("134217728 500000000 ")
        .contains("A=1 B=2");
    assertThat(inspected(format, "-m", "32m", "--profile", "wide")).startsWith("33554432 0 ");
  }

  @Test
  void aContainerStaysAsItWasMade() {
    kapsel("profile", "create", "small", "--memory", "64m").ok();
    String id = kapsel("create", "--profile", "small", TestRoot.reference(), "true").ok().line();

    kapsel("profile", "set", "small", "--memory", "32m").ok();
    kapsel("profile", "rm", "small").ok();

    assertThat(kapsel("inspect", "--format", "{{.HostConfig.Memory}}", id).line())
        .isEqualTo("67108864");
  }

  /** As the guide has it. */
  @Test
  void aProfileMaySpeakOfNetworksAlsoForAWholeSystem() throws IOException {
    Path root = Files.createDirectories(product.home().resolve("system/bin"));
    Files.copy(Path.of("/bin/busybox"), root.resolve("sh"));
    Path init = Files.createDirectories(root.resolveSibling("sbin")).resolve("init");
    Files.writeString(init, "#!/bin/sh\nwhile :; do sleep 1; done\n");
    Command.of("chmod", "755", init.toString()).run().ok();
    kapsel("profile", "create", "web", "-p", "8080:80", "--add-host", "db:10.9.9.9").ok();

    kapsel("launch", "--profile", "web", "--dns", "10.9.9.1", "dir:" + root.getParent(), "box")
        .ok();

    String format =
        "{{json .HostConfig.PortBindings}} {{.HostConfig.ExtraHosts}} {{.HostConfig.Dns}}";
    assertThat(kapsel("inspect", "--format", format, "box").ok().line())
        .isEqualTo(
            "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]} [db:10.9.9.9] [10.9.9.1]");
    kapsel("rm", "-f", "box").ok();
    HostFiles.delete(root.getParent());
  }

  @Test
  void showsThemAlsoToTheNextEngine() {
    kapsel("profile", "create", "small", "--memory", "64m", "-e", "A=two words").ok();

    product.stopEngine();

    assertThat(kapsel("profile", "show", "small").ok().out())
        .isEqualTo("--memory\n64m\n-e\nA=two words\n");
    assertThat(kapsel("profile", "ls").ok().out()).contains("small", "--memory 64m");
  }

  @Test
  void saysWhatIsWrong() {
    kapsel("profile", "create", "small", "--memory", "64m").ok();

    assertThat(kapsel("profile", "create", "small").err())
        .isEqualTo(
            "kapsel: cannot create profile 'small': there is one already;"
                + " 'kapsel profile set' changes it\n");
    assertThat(kapsel("profile", "create", "../x").err()).contains("are allowed in a name");
    assertThat(kapsel("profile", "create", "other", "--no-such").err())
        .startsWith("kapsel: unknown flag: --no-such");
    assertThat(kapsel("profile", "create", "other", "--memory", "much").err()).contains("much");
    assertThat(kapsel("profile", "create", "other", "word").err())
        .startsWith("kapsel: 'word' is not an option");
    assertThat(kapsel("profile", "create", "other", "--profile", "small").err())
        .startsWith("kapsel: unknown flag: --profile");
    assertThat(kapsel("profile", "set", "other", "--memory", "1m").err())
        .isEqualTo("kapsel: cannot find 'other': there is no such profile\n");
    assertThat(kapsel("run", "--profile", "other", TestRoot.reference(), "true").err())
        .isEqualTo("kapsel: cannot find 'other': there is no such profile\n");
  }
}
