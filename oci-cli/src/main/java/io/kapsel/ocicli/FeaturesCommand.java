package io.kapsel.ocicli;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Spec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** {@code features}: what this build can do on this host (runtime-spec, features.md). */
final class FeaturesCommand implements Command {
  private static final List<String> MOUNT_OPTIONS =
      List.of(
          "async",
          "atime",
          "bind",
          "defaults",
          "dev",
          "diratime",
          "dirsync",
          "exec",
          "idmap",
          "iversion",
          "lazytime",
          "loud",
          "mand",
          "noatime",
          "nodev",
          "nodiratime",
          "noexec",
          "noiversion",
          "nolazytime",
          "nomand",
          "norelatime",
          "nostrictatime",
          "nosuid",
          "nosymfollow",
          "private",
          "ratime",
          "rbind",
          "rdev",
          "rdiratime",
          "relatime",
          "rexec",
          "ridmap",
          "rnoatime",
          "rnodev",
          "rnodiratime",
          "rnoexec",
          "rnorelatime",
          "rnostrictatime",
          "rnosuid",
          "rnosymfollow",
          "ro",
          "rprivate",
          "rrelatime",
          "rro",
          "rrw",
          "rshared",
          "rslave",
          "rstrictatime",
          "rsuid",
          "rsymfollow",
          "runbindable",
          "rw",
          "shared",
          "silent",
          "slave",
          "strictatime",
          "suid",
          "symfollow",
          "sync",
          "tmpcopyup",
          "unbindable");
  private static final List<String> ACTIONS =
      List.of(
          "SCMP_ACT_ALLOW",
          "SCMP_ACT_ERRNO",
          "SCMP_ACT_KILL",
          "SCMP_ACT_KILL_PROCESS",
          "SCMP_ACT_KILL_THREAD",
          "SCMP_ACT_LOG",
          "SCMP_ACT_TRACE",
          "SCMP_ACT_TRAP");
  private static final List<String> OPERATORS =
      List.of(
          "SCMP_CMP_EQ",
          "SCMP_CMP_GE",
          "SCMP_CMP_GT",
          "SCMP_CMP_LE",
          "SCMP_CMP_LT",
          "SCMP_CMP_MASKED_EQ",
          "SCMP_CMP_NE");

  @Override
  public String name() {
    return "features";
  }

  @Override
  public String operands() {
    return "";
  }

  @Override
  public String meaning() {
    return "show what this build can do on this host";
  }

  @Override
  public Arity arity() {
    return Arity.NONE;
  }

  @Override
  public List<Option> options() {
    return List.of();
  }

  @Override
  public int run(Call call) {
    HostFacts facts = call.runtime().facts();
    CgroupHost cgroups = facts.cgroups();
    List<String> namespaces = Arrays.stream(Namespace.Type.values()).map(Object::toString).toList();
    List<String> capabilities =
        Arrays.stream(Capability.values())
            .filter(each -> each.number() <= facts.lastCapability())
            .map(Capability::label)
            .toList();
    call.caller()
        .out(
            """
            {
              "ociVersionMin": "1.0.0",
              "ociVersionMax": "%s",
              "hooks": [],
              "mountOptions": %s,
              "linux": {
                "namespaces": %s,
                "capabilities": %s,
                "cgroup": {"v1": %s, "v2": %s, "systemd": false, "systemdUser": false},
                "seccomp": {"enabled": true, "actions": %s, "operators": %s},
                "apparmor": {"enabled": %s},
                "selinux": {"enabled": %s},
                "mountExtensions": {"idmap": {"enabled": true}}
              }
            }
            """
                .formatted(
                    Spec.VERSION,
                    list(MOUNT_OPTIONS),
                    list(namespaces),
                    list(capabilities),
                    !cgroups.v1().isEmpty(),
                    cgroups.unified().isPresent(),
                    list(ACTIONS),
                    list(OPERATORS),
                    facts.appArmor(),
                    facts.seLinux()));
    return 0;
  }

  private static String list(List<String> words) {
    return words.stream().collect(Collectors.joining("\", \"", "[\"", "\"]"));
  }
}
