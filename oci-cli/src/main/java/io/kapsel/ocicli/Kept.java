package io.kapsel.ocicli;

import io.kapsel.base.Json;
import io.kapsel.base.JsonName;
import java.util.Map;
import java.util.Optional;

/**
 * What is kept of a container, in one file that is replaced whole.
 *
 * @param started when its init was started, in the clock ticks of proc_pid_stat(5): with the boot
 *     id and the pid it names one process for ever
 * @param groups the control groups that were made for it, by hierarchy
 * @param paused whether that is how it was left, where the kernel cannot say
 */
record Kept(
    int schema,
    String ociVersion,
    String id,
    int pid,
    long started,
    String boot,
    String bundle,
    String rootfs,
    String created,
    String owner,
    Map<String, String> annotations,
    Map<String, String> groups,
    Optional<String> unit) {
  static final int SCHEMA = 1;

  /** Copies the maps. */
  Kept {
    annotations = Map.copyOf(annotations);
    groups = Map.copyOf(groups);
  }

  static Kept parse(byte[] json) {
    return Json.read(json, Kept.class);
  }

  byte[] json() {
    return Json.write(this);
  }

  /** What {@code state} prints; runtime-spec, runtime.md, "State". */
  @JsonName("state")
  record Shown(
      String ociVersion,
      String id,
      int pid,
      String status,
      String bundle,
      String rootfs,
      String created,
      Map<String, String> annotations,
      String owner) {}

  /** With the pid of a process that has ended as 0. */
  Shown shown(Status status) {
    return new Shown(
        ociVersion,
        id,
        status == Status.STOPPED ? 0 : pid,
        status.word(),
        bundle,
        rootfs,
        created,
        new java.util.TreeMap<>(annotations),
        owner);
  }
}
