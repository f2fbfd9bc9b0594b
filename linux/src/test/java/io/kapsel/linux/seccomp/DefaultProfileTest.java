package io.kapsel.linux.seccomp;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The default filter: what it decides, and that nobody changes it without noticing. */
class DefaultProfileTest {
  private static final SeccompAction EPERM = SeccompAction.errno(Errno.EPERM);
  private static final SeccompAction ENOSYS = SeccompAction.errno(Errno.ENOSYS);
  private static final long[] ARGUMENTS = {
    0,
    1,
    8,
    37,
    38,
    39,
    40,
    41,
    0x1_0000_0026L,
    0x20000,
    0x20008,
    0x7E020000L,
    0x10000000L,
    0xffffffffL,
    -1
  };

  @Test
  void decidesOnEveryCallExactlyOnce() {
    List<String> decided = new ArrayList<>(SyscallGroups.ALLOWED);
    SyscallGroups.GATED.forEach(gate -> decided.addAll(gate.calls()));
    decided.addAll(SyscallGroups.BY_ARGUMENTS);
    decided.addAll(SyscallGroups.OF_ENGINES);
    SyscallGroups.DENIED.forEach(decided::addAll);
    assertThat(decided)
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Syscall.values()).map(Syscall::label).toList());
  }

  @Test
  void isCompiledToExactlyThis() throws Exception {
    assertThat(golden(CapabilitySet.DEFAULT, Abi.X86_64)).isEqualTo("258 31 5b803882d9e06e08");
    assertThat(golden(CapabilitySet.DEFAULT, Abi.AARCH64)).isEqualTo("275 30 4376e5ec0d550448");
    assertThat(golden(CapabilitySet.ALL, Abi.X86_64)).isEqualTo("172 30 e2088d6995443ba6");
    assertThat(golden(CapabilitySet.NONE, Abi.X86_64)).isEqualTo("257 31 7c625168d8590031");
  }

  @Test
  void refusesNamespacesWithoutTheCapability() {
    FilterMachine plain = filter(CapabilitySet.DEFAULT);
    assertAnswer(plain, "clone", SeccompAction.ALLOW, 0x01200011);
    assertAnswer(plain, "clone", EPERM, 0x10000000);
    assertAnswer(plain, "clone", EPERM, 0x01200011 | 0x00020000);
    assertAnswer(plain, "clone3", ENOSYS, 0);
    assertAnswer(plain, "unshare", EPERM, 0);
    assertAnswer(plain, "mount", EPERM, 0);
    FilterMachine admin = filter(CapabilitySet.DEFAULT.plus(Capability.SYS_ADMIN));
    assertAnswer(admin, "clone", SeccompAction.ALLOW, 0x10000000);
    assertAnswer(admin, "clone3", SeccompAction.ALLOW, 0);
    assertAnswer(admin, "mount", SeccompAction.ALLOW, 0);
  }

  @Test
  void opensWhatEnginesNeedOnlyToThem() {
    FilterMachine plain = filter(CapabilitySet.ALL);
    FilterMachine engine =
        new FilterMachine(
            SeccompCompiler.compile(
                DefaultProfile.ofEngines(CapabilitySet.ALL, Abi.X86_64), Abi.X86_64));
    for (String call : List.of("keyctl", "add_key", "request_key", "pivot_root")) {
      assertAnswer(plain, call, EPERM, 0);
      assertAnswer(engine, call, SeccompAction.ALLOW, 0);
    }
    assertAnswer(engine, "io_uring_setup", EPERM, 0);
    assertAnswer(engine, "kexec_load", EPERM, 0);
  }

  @Test
  void asksAboutWhatASupervisorAnswers() {
    SeccompProfile asking =
        DefaultProfile.profile(CapabilitySet.ALL, Abi.X86_64).asking(List.of("sysinfo", "keyctl"));
    FilterMachine filter = new FilterMachine(SeccompCompiler.compile(asking, Abi.X86_64));
    assertThat(asking.notifies()).isTrue();
    assertAnswer(filter, "sysinfo", SeccompAction.ASK, 0);
    assertAnswer(filter, "keyctl", SeccompAction.ASK, 0);
    assertAnswer(filter, "uname", SeccompAction.ALLOW, 0);
    assertAnswer(filter, "add_key", EPERM, 0);
  }

  @Test
  void asksOnlyWhereTheArgumentsSaySo() {
    SeccompProfile asking =
        DefaultProfile.profile(CapabilitySet.ALL, Abi.X86_64)
            .asking(
                List.of("mknod"),
                new ArgumentCondition(1, ArgumentCondition.Operator.MASKED_EQ, 0170000, 0020000))
            .lacking(List.of("fsopen"));
    FilterMachine filter = new FilterMachine(SeccompCompiler.compile(asking, Abi.X86_64));
    assertAnswer(filter, "mknod", SeccompAction.ASK, 0, 0020666);
    assertAnswer(filter, "mknod", SeccompAction.ALLOW, 0, 0010666);
    assertAnswer(filter, "mknodat", SeccompAction.ALLOW, 0, 0020666);
    assertAnswer(filter, "fsopen", SeccompAction.errno(Errno.ENOSYS), 0);
    assertThat(asking.flagsOfOneThread()).isEqualTo(32);
  }

  @Test
  void refusesSocketFamiliesWhateverTheUpperHalfSays() {
    FilterMachine filter = filter(CapabilitySet.DEFAULT);
    assertAnswer(filter, "socket", SeccompAction.ALLOW, 2);
    assertAnswer(filter, "socket", SeccompAction.ALLOW, 39);
    assertAnswer(filter, "socket", SeccompAction.ALLOW, 44);
    assertAnswer(filter, "socket", EPERM, 38);
    assertAnswer(filter, "socket", EPERM, 40);
    assertAnswer(filter, "socket", EPERM, 0x1_0000_0026L);
    assertAnswer(filter, "socket", EPERM, 0xffffffff_00000028L);
  }

  @Test
  void refusesWhatNoCapabilityOpens() {
    FilterMachine all = filter(CapabilitySet.ALL);
    for (String call :
        List.of("io_uring_setup", "keyctl", "add_key", "userfaultfd", "kexec_load", "pivot_root")) {
      assertAnswer(all, call, EPERM, 0);
    }
    assertAnswer(all, "personality", EPERM, 0x0040000); // ADDR_NO_RANDOMIZE
    assertAnswer(all, "personality", SeccompAction.ALLOW, 0x20008);
  }

  @Test
  void answersACallThatIsNewerThanItself() {
    FilterMachine filter = filter(CapabilitySet.DEFAULT);
    int newest =
        Arrays.stream(Syscall.values()).mapToInt(call -> call.number(Abi.X86_64)).max().orElse(0);
    assertThat(filter.run(newest + 1, Abi.X86_64.audit())).isEqualTo(ENOSYS.bits());
    assertThat(filter.run(newest + 1, Abi.I386.audit())).isEqualTo(ENOSYS.bits());
    assertThat(filter.run(350, Abi.X86_64.audit())).isEqualTo(EPERM.bits());
  }

  @Test
  void meansWhatItSaysForEveryCallOnEveryArchitecture() {
    for (CapabilitySet set :
        List.of(CapabilitySet.NONE, CapabilitySet.DEFAULT, CapabilitySet.ALL)) {
      for (Abi host : List.of(Abi.X86_64, Abi.AARCH64)) {
        SeccompProfile profile = DefaultProfile.profile(set, host);
        assertThat(profile.unknownCalls()).isEmpty();
        SeccompCompilerTest.agrees(profile, host, IntStream.range(0, 1024), ARGUMENTS);
      }
    }
  }

  private static FilterMachine filter(CapabilitySet capabilities) {
    SeccompProfile profile = DefaultProfile.profile(capabilities, Abi.X86_64);
    return new FilterMachine(SeccompCompiler.compile(profile, Abi.X86_64));
  }

  private static void assertAnswer(
      FilterMachine filter, String call, SeccompAction action, long... arguments) {
    for (Abi abi : List.of(Abi.X86_64, Abi.I386)) {
      int number = Syscall.of(call).orElseThrow().number(abi);
      if (abi == Abi.X86_64 || arguments[0] >>> 32 == 0) {
        assertThat(filter.run(number, abi.audit(), arguments))
            .as(call + " " + abi)
            .isEqualTo(action.bits());
      }
    }
  }

  /** Instructions, most of them in one run, digest. */
  private static String golden(CapabilitySet capabilities, Abi host) throws Exception {
    byte[] program = SeccompCompiler.compile(DefaultProfile.profile(capabilities, host), host);
    FilterMachine machine = new FilterMachine(program);
    for (int number = 0; number < 500; number++) {
      for (Abi abi : Abi.values()) {
        machine.run(number, abi.audit(), 0x1_0000_0026L);
        machine.run(number, abi.audit(), 41);
      }
    }
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(program);
    return "%d %d %s"
        .formatted(program.length / 8, machine.deepest(), HexFormat.of().formatHex(digest, 0, 8));
  }
}
