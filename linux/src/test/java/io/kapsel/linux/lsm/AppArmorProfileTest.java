package io.kapsel.linux.lsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppArmorProfileTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/proc/uptime",
        "/proc/sysrq-trigger",
        "/proc/kcore",
        "/proc/bus/pci/00",
        "/proc/scsi/device_info",
        "/proc/sysvipc/shm",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/net/ipv4/ip_forward",
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/sysrq",
        "/proc/sys/kernel/shell",
        "/proc/sys/kernel/yama/ptrace_scope",
        "/sys/kernel/uevent_helper",
        "/sys/fs/bpf/program",
        "/sys/fuse/x",
        "/sys/firmware/efi/vars",
        "/sys/devices/virtual/powercap/intel-rapl/name",
      })
  void whatIsTheHostsIsNotWritten(String path) {
    assertThat(deniesWriting(path)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/proc/1/oom_score_adj",
        "/proc/4711/task/4712/comm",
        "/proc/sys/kernel/shmmax",
        "/proc/sys/kernel/shm_rmid_forced",
        "/sys/fs/cgroup/kapsel/pids.max",
        "/etc/passwd",
        "/srv/proc/uptime",
      })
  void whatIsTheContainersIsWritten(String path) {
    assertThat(deniesWriting(path)).isFalse();
  }

  @Test
  void itAllowsTheRestButMountsAndForeignProcesses() {
    assertThat(AppArmorProfile.text().lines().map(String::strip))
        .contains("file,", "network,", "capability,", "umount,", "deny mount,", "deny network alg,")
        .contains("signal (receive) peer=unconfined,")
        .contains("ptrace (trace, read, tracedby, readby) peer=kapsel-default,")
        .noneMatch(line -> line.startsWith("mount") || line.startsWith("signal,"));
  }

  @Test
  void itIsPinnedToTheFeaturesItWasWrittenFor() {
    assertThat(AppArmorProfile.text(true)).startsWith("abi <abi/3.0>,\n");
    assertThat(AppArmorProfile.text(false)).startsWith("profile kapsel-default ");
  }

  @Test
  void theParserGetsTheText() throws IOException {
    Path parser = parser("#!/bin/sh\n[ \"$1\" = -Kr ] && /bin/cp \"$2\" \"$2.seen\"\n");

    AppArmorProfile.load(parser, directory);

    assertThat(directory.resolve("kapsel-default.apparmor.seen"))
        .hasContent(AppArmorProfile.text());
    assertThat(directory.resolve("kapsel-default.said")).doesNotExist();
  }

  @Test
  void whatTheParserSaysIsTheError() throws IOException {
    Path parser = parser("#!/bin/sh\necho 'no such word' >&2\nexit 3\n");

    assertThatThrownBy(() -> AppArmorProfile.load(parser, directory))
        .isInstanceOf(SecurityModuleException.class)
        .hasMessage("cannot load AppArmor profile 'kapsel-default': no such word");
  }

  @Test
  void aSilentParserIsAnErrorToo() throws IOException {
    Path parser = parser("#!/bin/sh\nexit 3\n");

    assertThatThrownBy(() -> AppArmorProfile.load(parser, directory))
        .hasMessageContaining("ended with 3");
  }

  private Path parser(String script) throws IOException {
    Path parser = Files.writeString(directory.resolve("parser"), script);
    Files.setPosixFilePermissions(parser, PosixFilePermissions.fromString("rwx------"));
    return parser;
  }

  /** Reads the globs as apparmor.d(5) explains them. */
  private static boolean deniesWriting(String path) {
    return AppArmorProfile.text()
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("deny /"))
        .map(line -> List.of(line.substring("deny ".length()).split("[ ,]", 2)))
        .filter(rule -> rule.get(1).contains("w"))
        .anyMatch(rule -> Pattern.matches(regex(rule.get(0)), path));
  }

  private static String regex(String glob) {
    return glob.replace("**", "\u0001")
        .replace("*", "[^/]*")
        .replace("?", "[^/]")
        .replace("/\u0001", "/[^/].*")
        .replace("\u0001", ".*");
  }

  private static final String LOADED =
      "kapsel-default (%s)\nkapsel (enforce)\nwritten by hand (complain)\n";

  @ParameterizedTest
  @ValueSource(strings = {"kapsel-default", "kapsel", "written by hand"})
  void whatTheKernelEnforcesOrAnAdministratorTriesIsUsable(String name) {
    AppArmorProfile.require(name, LOADED.formatted("enforce"));
  }

  @Test
  void aProfileThatIsNotLoadedIsRefused() {
    assertThatThrownBy(() -> AppArmorProfile.require("kaps", LOADED.formatted("enforce")))
        .isInstanceOf(SecurityModuleException.class)
        .hasMessage("cannot use AppArmor profile 'kaps': it is not loaded");
  }

  @ParameterizedTest
  @ValueSource(strings = {"complain", "kill", "unconfined"})
  void ourOwnProfileThatDeniesNothingIsRefused(String mode) {
    assertThatThrownBy(() -> AppArmorProfile.require("kapsel-default", LOADED.formatted(mode)))
        .isInstanceOf(SecurityModuleException.class)
        .hasMessageContaining("it is in " + mode + " mode, not enforced");
  }
}
