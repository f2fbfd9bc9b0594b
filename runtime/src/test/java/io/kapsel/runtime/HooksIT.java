package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Programs that run at points of a container's life; needs root. */
class HooksIT extends OnWrittenBundles {
  private static final List<String> HOST_SIDE =
      List.of("prestart", "createRuntime", "createContainer", "poststart", "poststop");

  private Path notes() {
    return directory.resolve("notes");
  }

  private Path script(String name, String text) throws Exception {
    Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file;
  }

  private WrittenBundles hooked(String hooks) {
    return bundle().replacing("\"hostname\"", "\"hooks\":{" + hooks + "},\"hostname\"");
  }

  private static String hook(String kind, Path program, String more) {
    return "\"" + kind + "\":[{\"path\":\"" + program + "\"" + more + "}]";
  }

  @Test
  void runInTheOrderOfTheSpecificationWithTheStateOnTheirInput() throws Exception {
    Path note = script("note", "echo $1 $(cat) $TAG >> " + notes());
    StringBuilder hooks = new StringBuilder();
    for (String kind : HOST_SIDE) {
      hooks
          .append(
              hook(
                  kind,
                  note,
                  ",\"args\":[\"note\",\""
                      + kind
                      + "\"],\"env\":[\"TAG=t\",\"PATH=/bin:/usr/bin\"]"))
          .append(',');
    }
    hooks.append(
        "\"startContainer\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat > /started\"]}]");

    run(hooked(hooks.toString()).running("cat /started; echo; echo program >> /notes"), 0);

    List<String> lines = Files.readAllLines(notes());
    assertThat(lines.stream().map(line -> line.split(" ")[0])).containsExactlyElementsOf(HOST_SIDE);
    assertThat(lines).allMatch(line -> line.endsWith(" t"));
    assertThat(lines.get(0))
        .contains("\"ociVersion\":\"1.2.1\",\"id\":\"" + id + "\",\"status\":\"creating\"")
        .contains("\"bundle\":\"" + directory + "\"")
        .containsPattern("\"pid\":[0-9]{2,}");
    assertThat(lines.get(2)).contains("\"status\":\"creating\",\"pid\":1,");
    assertThat(lines.get(3)).contains("\"status\":\"running\"");
    assertThat(lines.get(4)).contains("\"status\":\"stopped\"").doesNotContain("\"pid\"");
    assertThat(log()).contains("\"status\":\"created\",\"pid\":1,");
  }

  @Test
  void seeTheMountsOfTheContainerBeforeItsRootIsEntered() throws Exception {
    Path look =
        script(
            "look",
            "export PATH=/bin:/usr/bin; readlink /proc/self/ns/mnt > "
                + notes()
                + "; grep -c "
                + directory
                + "/rootfs/dev /proc/self/mountinfo >> "
                + notes()
                + "; touch "
                + directory
                + "/rootfs/dev/from-a-hook");

    run(
        hooked(hook("createContainer", look, ""))
            .running("test -e /dev/from-a-hook && readlink /proc/self/ns/mnt"),
        0);

    List<String> lines = Files.readAllLines(notes());
    assertThat(log()).isEqualTo(lines.get(0) + "\n");
    assertThat(Integer.parseInt(lines.get(1))).isGreaterThan(3);
    assertThat(directory.resolve("rootfs/dev/from-a-hook")).doesNotExist();
  }

  @Test
  void undoEverythingWhenOneFails() throws Exception {
    Path bad = script("bad", "echo so it is >&2; exit 3");
    for (String kind : List.of("prestart", "createRuntime", "createContainer", "poststart")) {
      Bundle bundle = hooked(hook(kind, bad, "")).running("sleep 60");
      assertThatThrownBy(() -> runtime.launch(bundle, List.of()))
          .isInstanceOf(LaunchException.class)
          .hasMessageContaining("error running " + kind + " hook #0: ")
          .hasMessageEndingWith(", stdout: , stderr: so it is");
      runtime.remove(bundle);
      Files.deleteIfExists(directory.resolve("control.sock"));
    }
    Bundle bundle =
        hooked(
                "\"startContainer\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"echo no >&2; false\"]}]")
            .running("true");
    assertThatThrownBy(() -> runtime.launch(bundle, List.of()))
        .hasMessage("error running startContainer hook #0: it failed, stdout: , stderr: no");
  }

  @Test
  void areEndedWithAllThatTheyStartedWhenTheyTakeTooLong() throws Exception {
    Path slow = script("slow", "/bin/sleep 61.5 & echo $! > " + notes() + "; /bin/sleep 61.5");
    for (String kind : List.of("createRuntime", "createContainer")) {
      Bundle bundle = hooked(hook(kind, slow, ",\"timeout\":1")).running("true");
      assertThatThrownBy(() -> runtime.launch(bundle, List.of()))
          .hasMessageContaining("error running " + kind + " hook #0: did not end within 1 s");
      Files.deleteIfExists(directory.resolve("control.sock"));
      Path left = Path.of("/proc", Files.readString(notes()).strip(), "cmdline");
      if (Files.exists(left)) {
        assertThat(Files.readString(left)).doesNotContain("61.5");
      }
    }
  }

  @Test
  void areNotRunWhenOthersThanRootCouldHaveWrittenThem() throws Exception {
    Path open = script("open", "true");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    for (String program : List.of(open.toString(), "/etc", "/no/such/hook")) {
      Bundle bundle = hooked(hook("createRuntime", Path.of(program), "")).running("true");
      assertThatThrownBy(() -> runtime.launch(bundle, List.of()))
          .isInstanceOf(LaunchException.class)
          .hasMessageContaining("error running createRuntime hook #0: ")
          .hasMessageContaining(program);
    }
  }

  @Test
  void mayWriteAsMuchAsTheyLike() throws Exception {
    Path loud = script("loud", "/bin/dd if=/dev/zero bs=1M count=64; exit 0");
    run(hooked(hook("prestart", loud, "")).running("true"), 0);
  }
}
