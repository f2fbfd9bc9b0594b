package io.kapsel.ocicli;

import io.kapsel.linux.cgroup.NumberList;
import io.kapsel.linux.seccomp.SeccompFlag;
import io.kapsel.oci.Process;
import io.kapsel.oci.Seccomp;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.GuestRuntime.Started;
import java.util.List;
import java.util.Optional;

/**
 * What {@code --debug} tells of a launch when it has gone well: the moments that it went through,
 * in words that readers of such logs look for.
 */
record Trace(Log log, Started started) {
  private static final int NEW_LISTENER = 8;

  /** Of a container that was made. */
  void created(Spec spec) {
    inside();
    spec.linux().flatMap(each -> each.seccomp()).ifPresent(this::filter);
    log.debug("init: closing the pipe to signal completion");
  }

  /** Of another program in it. */
  void entered(Process process) {
    process
        .execCpuAffinity()
        .flatMap(Process.ExecCpuAffinity::initial)
        .filter(list -> !list.isEmpty())
        .ifPresent(list -> log.debug("nsexec[" + started.pid() + "]: affinity: " + mask(list)));
    inside();
    log.debug("setns_init: about to exec");
  }

  private void inside() {
    log.debug("nsexec container setup: the launcher is in the container's namespaces");
    log.debug("child process in init(): " + started.pid() + " on the host");
  }

  private void filter(Seccomp seccomp) {
    Optional<Integer> flags = seccomp.flags().map(Trace::bits);
    boolean asks =
        seccomp.syscalls().stream().anyMatch(rule -> rule.action().equals("SCMP_ACT_NOTIFY"));
    int all = flags.orElse(SeccompFlag.SPEC_ALLOW.bit()) | (asks ? NEW_LISTENER : 0);
    log.debug("seccomp filter flags: " + all);
  }

  private static int bits(List<String> names) {
    List<SeccompFlag> flags = names.stream().map(SeccompFlag::parse).toList();
    return SeccompFlag.bits(flags) & ~SeccompFlag.TSYNC.bit();
  }

  /** As one number, processor 0 in its lowest bit. */
  private static String mask(String list) {
    byte[] bits = NumberList.parse("processors", list).mask();
    byte[] reversed = new byte[bits.length];
    for (int i = 0; i < bits.length; i++) {
      reversed[bits.length - 1 - i] = bits[i];
    }
    return "0x" + new java.math.BigInteger(1, reversed).toString(16);
  }
}
