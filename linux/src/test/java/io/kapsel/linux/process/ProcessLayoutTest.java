package io.kapsel.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.CLayout;
import org.junit.jupiter.api.Test;

class ProcessLayoutTest {
  @Test
  void exitsAreReadWhereTheKernelPutsThem() {
    assertThat(Child.INFORMATION).isEqualTo(CLayout.of("siginfo_t"));
    assertThat(Child.CODE_AT).isEqualTo(CLayout.of("siginfo_t.si_code"));
    assertThat(Child.PID_AT).isEqualTo(CLayout.of("siginfo_t.si_pid"));
    assertThat(Child.STATUS_AT).isEqualTo(CLayout.of("siginfo_t.si_status"));
    assertThat(CLayout.of("struct pollfd")).isEqualTo(8);
    assertThat(CLayout.of("struct pollfd.events")).isEqualTo(4);
  }

  @Test
  void theLibrarysOwnStructuresFitIntoWhatTheyGet() {
    assertThat(CLayout.of("posix_spawnattr_t")).isLessThanOrEqualTo(Spawn.OPAQUE);
    assertThat(CLayout.of("posix_spawn_file_actions_t")).isLessThanOrEqualTo(Spawn.OPAQUE);
    assertThat(CLayout.of("sigset_t")).isEqualTo(Spawn.SIGNAL_SET);
    assertThat(CLayout.of("POSIX_SPAWN_SETSID")).isEqualTo(0x80);
    assertThat(CLayout.of("POSIX_SPAWN_SETSIGDEF")).isEqualTo(4);
    assertThat(CLayout.of("POSIX_SPAWN_SETSIGMASK")).isEqualTo(8);
  }

  @Test
  void limitsAndNamesHaveTheirSizes() {
    assertThat(ResourceLimit.SIZE).isEqualTo(CLayout.of("struct rlimit64"));
    assertThat(Uname.SIZE).isEqualTo(CLayout.of("struct utsname"));
    assertThat(Resource.NOFILE.number()).isEqualTo(CLayout.of("RLIMIT_NOFILE"));
    assertThat(Resource.NPROC.number()).isEqualTo(CLayout.of("RLIMIT_NPROC"));
    assertThat(Resource.RTTIME.number()).isEqualTo(CLayout.of("RLIMIT_RTTIME"));
  }
}
