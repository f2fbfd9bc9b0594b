package io.kapsel.runtime;

import io.kapsel.linux.Abi;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.seccomp.SeccompFile;
import io.kapsel.linux.seccomp.SeccompFlag;
import io.kapsel.linux.seccomp.SeccompProfile;
import io.kapsel.oci.Seccomp;
import java.util.List;
import java.util.Optional;

/** The filter of a configuration, in the words of the compiler. */
final class WrittenSeccomp {
  /** As callers know it: a filter does not slow a program down unless it is to. */
  private static final List<String> USUAL = List.of(SeccompFlag.SPEC_ALLOW.label());

  private WrittenSeccomp() {}

  static SeccompProfile profile(Seccomp seccomp) {
    List<SeccompFile.Call> calls = seccomp.syscalls().stream().map(WrittenSeccomp::call).toList();
    return new SeccompFile(
            seccomp.defaultAction(),
            seccomp.defaultErrnoRet(),
            seccomp.architectures(),
            List.of(),
            seccomp.flags().orElse(USUAL),
            seccomp.listenerPath(),
            calls)
        .whole(new SeccompFile.Target(Abi.host(), CapabilitySet.ALL, 0, 0));
  }

  private static SeccompFile.Call call(Seccomp.Rule rule) {
    return new SeccompFile.Call(
        rule.names(),
        Optional.empty(),
        rule.action(),
        rule.errnoRet(),
        rule.args().stream()
            .map(
                arg -> new SeccompFile.Argument(arg.index(), arg.value(), arg.valueTwo(), arg.op()))
            .toList(),
        Optional.empty(),
        Optional.empty());
  }
}
