package io.kapsel.linux.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.seccomp.SeccompFile.Argument;
import io.kapsel.linux.seccomp.SeccompFile.Call;
import io.kapsel.linux.seccomp.SeccompFile.Family;
import io.kapsel.linux.seccomp.SeccompFile.Selector;
import io.kapsel.linux.seccomp.SeccompFile.Target;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which rules of a profile file a container gets. */
class SeccompFileTest {
  private static final Target TARGET =
      new Target(Abi.X86_64, CapabilitySet.DEFAULT.plus(Capability.SYS_ADMIN), 6, 1);

  @Test
  void takesEpermWhereNoErrorNumberIsGiven() {
    assertThat(file(Optional.empty(), call("SCMP_ACT_ERRNO", Optional.of(38))).profile(TARGET))
        .satisfies(p -> assertThat(p.defaultAction()).isEqualTo(errno(Errno.EPERM)))
        .satisfies(p -> assertThat(p.rules().getFirst().action()).isEqualTo(errno(Errno.ENOSYS)));
    assertThat(file(Optional.of(22), call("SCMP_ACT_ERRNO", Optional.empty())).profile(TARGET))
        .satisfies(p -> assertThat(p.defaultAction()).isEqualTo(errno(Errno.EINVAL)))
        .satisfies(p -> assertThat(p.rules().getFirst().action()).isEqualTo(errno(Errno.EPERM)));
  }

  @Test
  void includesAsksForAllOfItsCapabilities() {
    assertThat(chosen(selected(caps("CAP_SYS_ADMIN"), Optional.empty()))).isTrue();
    assertThat(chosen(selected(caps("CAP_SYS_ADMIN", "CAP_BPF"), Optional.empty()))).isFalse();
  }

  @Test
  void excludesAsksForAnyOfItsCapabilities() {
    assertThat(chosen(selected(Optional.empty(), caps("CAP_BPF", "CAP_SYS_ADMIN")))).isFalse();
    assertThat(chosen(selected(Optional.empty(), caps("CAP_BPF")))).isTrue();
  }

  @Test
  void looksAtArchitectureAndKernel() {
    assertThat(chosen(selected(on("amd64", "x32"), Optional.empty()))).isTrue();
    assertThat(chosen(selected(on("arm64"), Optional.empty()))).isFalse();
    assertThat(chosen(selected(kernel("4.8"), Optional.empty()))).isTrue();
    assertThat(chosen(selected(kernel("6.2"), Optional.empty()))).isFalse();
    assertThatThrownBy(() -> chosen(selected(kernel("new"), Optional.empty())))
        .hasMessage("cannot use the seccomp profile: 'new' is not a kernel version");
  }

  @Test
  void mapsArchitectures() {
    List<Family> families =
        List.of(
            new Family("SCMP_ARCH_X86_64", List.of("SCMP_ARCH_X86", "SCMP_ARCH_X32")),
            new Family("SCMP_ARCH_AARCH64", List.of("SCMP_ARCH_ARM")));
    SeccompFile file = file(List.of(), families);
    assertThat(file.profile(TARGET).architectures()).containsExactly(Abi.I386);
    assertThatThrownBy(() -> file(List.of("SCMP_ARCH_X86"), families))
        .hasMessageEndingWith("it has both 'architectures' and 'archMap'");
    assertThatThrownBy(() -> file(List.of("SCMP_ARCH_VAX"), List.of()).profile(TARGET))
        .hasMessage("cannot use seccomp architecture 'SCMP_ARCH_VAX': it is unknown");
  }

  @Test
  void makesTwoConditionsOnOneArgumentAlternatives() {
    Argument one = new Argument(0, 1, 0, "SCMP_CMP_EQ");
    Argument two = new Argument(0, 2, 0, "SCMP_CMP_EQ");
    Argument other = new Argument(1, 7, 7, "SCMP_CMP_MASKED_EQ");
    assertThat(file(Optional.empty(), withArguments(one, two)).profile(TARGET).rules()).hasSize(2);
    assertThat(file(Optional.empty(), withArguments(one, other)).profile(TARGET).rules())
        .singleElement()
        .satisfies(rule -> assertThat(rule.conditions()).hasSize(2));
  }

  @Test
  void refusesUnknownWords() {
    assertThatThrownBy(
            () -> file(Optional.empty(), call("SCMP_ACT_MAYBE", Optional.empty())).profile(TARGET))
        .hasMessage("cannot use seccomp action 'SCMP_ACT_MAYBE': it is unknown");
    assertThatThrownBy(() ->
            file(Optional.empty(), withArguments(new Argument(6, 0, 0, "SCMP_CMP_EQ")))
                .profile(TARGET))
        .hasMessage("cannot filter argument 6: a system call has arguments 0 to 5");
    assertThatThrownBy(() ->
            file(Optional.empty(), withArguments(new Argument(0, 0, 0, "SCMP_CMP_OK")))
                .profile(TARGET))
        .hasMessage("cannot use seccomp operator 'SCMP_CMP_OK': it is unknown");
  }

  @Test
  void refusesAListener() {
    assertThatThrownBy(
            () -> file(Optional.empty(), call("SCMP_ACT_NOTIFY", Optional.empty())).profile(TARGET))
        .hasMessageEndingWith("it wants a listener, which is not supported");
  }

  private static boolean chosen(Call call) {
    return !file(Optional.empty(), call).profile(TARGET).rules().isEmpty();
  }

  private static SeccompAction errno(Errno errno) {
    return SeccompAction.errno(errno);
  }

  private static Optional<Selector> caps(String... names) {
    return Optional.of(new Selector(List.of(names), List.of(), Optional.empty()));
  }

  private static Optional<Selector> on(String... arches) {
    return Optional.of(new Selector(List.of(), List.of(arches), Optional.empty()));
  }

  private static Optional<Selector> kernel(String least) {
    return Optional.of(new Selector(List.of(), List.of(), Optional.of(least)));
  }

  private static Call selected(Optional<Selector> includes, Optional<Selector> excludes) {
    return new Call(
        List.of("read"),
        Optional.empty(),
        "SCMP_ACT_ALLOW",
        Optional.empty(),
        List.of(),
        includes,
        excludes);
  }

  private static Call withArguments(Argument... arguments) {
    return new Call(
        List.of(),
        Optional.of("read"),
        "SCMP_ACT_ALLOW",
        Optional.empty(),
        List.of(arguments),
        Optional.empty(),
        Optional.empty());
  }

  private static Call call(String action, Optional<Integer> errno) {
    return new Call(
        List.of("read"),
        Optional.empty(),
        action,
        errno,
        List.of(),
        Optional.empty(),
        Optional.empty());
  }

  private static SeccompFile file(Optional<Integer> errno, Call call) {
    return new SeccompFile(
        "SCMP_ACT_ERRNO", errno, List.of(), List.of(), List.of(), Optional.empty(), List.of(call));
  }

  private static SeccompFile file(List<String> architectures, List<Family> families) {
    return new SeccompFile(
        "SCMP_ACT_ALLOW",
        Optional.empty(),
        architectures,
        families,
        List.of(),
        Optional.empty(),
        List.of());
  }
}
