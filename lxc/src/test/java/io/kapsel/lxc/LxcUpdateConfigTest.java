package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LxcUpdateConfigTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "lxc.utsname=web,lxc.uts.name=web",
        "  lxc.utsname = web,  lxc.uts.name = web",
        "#lxc.tty = 4,#lxc.tty.max = 4",
        "lxc.rootfs = /srv,lxc.rootfs.path = dir:/srv",
        "lxc.network.type = veth,lxc.net.0.type = veth",
        "lxc.network.3.ipv4 = 10.0.0.1,lxc.net.3.ipv4.address = 10.0.0.1",
        "lxc.limit.nofile = 5,lxc.prlimit.nofile = 5",
        "lxc.uts.name = web,lxc.uts.name = web",
        "lxc.nonsense = 1,lxc.nonsense = 1",
        "no key at all,no key at all",
      })
  void givesAKeyItsNewName(String before, String after) {
    assertThat(LxcUpdateConfig.update(before + "\n")).isEqualTo(after + "\n");
  }

  @ParameterizedTest
  @CsvSource({"lxc.kmsg = 0", "lxc.pivotdir = old", "lxc.rootfs.backend = dir"})
  void leavesOutWhatMeansNothingAnyMore(String line) {
    assertThat(LxcUpdateConfig.update(line + "\n")).isEmpty();
  }
}
