package io.kapsel.ocicli;

import io.kapsel.runtime.GuestRuntime;
import java.util.List;

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
        || global.last("cgroup-manager").equals(java.util.Optional.of("systemd"));
  }

  Store store() {
    return new Store(places.of(root()), root());
  }

  /** Where the caller has its containers. */
  String root() {
    return global
        .text("root")
        .orElseGet(() -> caller.variable("KAPSEL_RUNC_ROOT").orElse("/run/kapsel-runc"));
  }
}
