package io.kapsel.cli.command.container;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.SecurityRequest;
import java.util.ArrayList;
import java.util.List;

/** What {@code --security-opt} has said, as {@code inspect} shows it. */
final class SecurityOptions {
  private static final String NO_LABEL = "label=disable";

  private SecurityOptions() {}

  static List<String> of(ContainerSpec spec) {
    SecurityRequest security = spec.security();
    List<String> all = new ArrayList<>();
    switch (security.seccomp()) {
      case SecurityRequest.SeccompRequest.Default() -> {}
      case SecurityRequest.SeccompRequest.Unconfined() -> all.add("seccomp=unconfined");
      case SecurityRequest.SeccompRequest.Profile(String json) -> all.add("seccomp=" + json);
    }
    security.apparmorProfile().ifPresent(it -> all.add("apparmor=" + it));
    security.labels().forEach(it -> all.add("label=" + it));
    if (spec.privileged() && !all.contains(NO_LABEL)) {
      all.add(NO_LABEL);
    }
    if (security.noNewPrivileges()) {
      all.add("no-new-privileges");
    }
    if (security.groupsWritable()) {
      all.add("writable-cgroups=true");
    }
    return all;
  }
}
