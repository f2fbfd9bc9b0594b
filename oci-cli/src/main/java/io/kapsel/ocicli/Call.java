package io.kapsel.ocicli;

import io.kapsel.linux.host.Authority;
import io.kapsel.runtime.GuestRuntime;
import java.util.List;
import java.util.Optional;

/**
 * One use of a command.
 *
 * @param global the options before the command
 */
record Call(
    Caller caller, GuestRuntime runtime, Words global, Words words, Log log, Places places) {
  List<String> operands() {
    return words.operands();
  }

  String id() {
    return operands().getFirst();
  }

  boolean systemd() {
    return global.is("systemd-cgroup")
        || global.last("cgroup-manager").equals(Optional.of("systemd"));
  }

  Store store() {
    return new Store(places.of(root()), root());
  }

  /** Where the caller has its containers. */
  String root() {
    return global
        .text("root")
        .or(() -> caller.variable("KAPSEL_RUNC_ROOT"))
        .orElseGet(() -> who().isRoot() ? "/run/kapsel-runc" : ofUser() + "/kapsel-runc");
  }

  private String ofUser() {
    return caller
        .variable("XDG_RUNTIME_DIR")
        .filter(each -> !each.isEmpty())
        .orElseGet(() -> "/tmp/kapsel-" + who().uid());
  }

  /** Who the engine, and so the caller, is. */
  Authority who() {
    return runtime.facts().authority();
  }

  /** Whether a control group that cannot be had is done without. */
  boolean rootless() {
    return switch (global.last("rootless").orElse("auto")) {
      case "auto" -> !who().isRoot();
      case "true" -> true;
      default -> false;
    };
  }

  /** Whether the caller wants no control groups at all, as crun calls it. */
  boolean ungrouped() {
    return global.last("cgroup-manager").equals(Optional.of("disabled"));
  }
}
