package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.oci.ContainerProcessState;
import io.kapsel.oci.Seccomp;
import io.kapsel.oci.Spec;
import io.kapsel.oci.State;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Hands the descriptor on which the kernel asks about system calls to the program that answers
 * (runtime-spec, config-linux.md, "The Container Process State").
 */
final class AgentPlanner {
  private static final int LONGEST = 64 * 1024;
  private static final int NEW_LISTENER = 8;

  /** Why the agent is connected to. */
  static final String WHY = "the agent answers system calls";

  private final Draft draft;
  private final Wanted wanted;
  private Slot state = Draft.NONE;

  AgentPlanner(Draft draft, Wanted wanted) {
    this.draft = draft;
    this.wanted = wanted;
  }

  private Optional<Seccomp> seccomp() {
    return wanted.linux().seccomp();
  }

  boolean needed() {
    return wanted.bundle().seccomp().filter(profile -> profile.notifies()).isPresent();
  }

  /** While the launcher's own proc is there. */
  void prepare() {
    prepare(new StatePlanner(draft), "creating");
  }

  /** For another program of a container that runs, with a proc of the host. */
  void prepare(Slot proc) {
    prepare(new StatePlanner(draft, proc), "running");
  }

  private void prepare(StatePlanner planner, String status) {
    if (!needed()) {
      return;
    }
    Spec spec = wanted.bundle().spec();
    ContainerProcessState document =
        new ContainerProcessState(
            spec.ociVersion(),
            List.of("seccompFd"),
            StatePlanner.PID,
            seccomp().flatMap(Seccomp::listenerMetadata),
            new State(
                spec.ociVersion(),
                wanted.bundle().id(),
                status,
                Optional.of(StatePlanner.PID),
                wanted.bundleDirectory().toString(),
                spec.annotations()));
    state =
        planner.file(
            draft.slots.take("agent_state"),
            new String(document.toJson(), StandardCharsets.UTF_8),
            "what the agent is told");
  }

  /** The flags with which a filter that asks is installed. */
  static int flags(int others) {
    return others | NEW_LISTENER;
  }

  /** The agent must have it before this process is asked about. */
  void give(Slot listener) {
    Steps monitor = draft.monitor;
    String path = seccomp().flatMap(Seccomp::listenerPath).orElseThrow();
    String why = WHY;
    Slot socket = draft.input(Input.Kind.SOCKET, path, "agent", why);
    List<Slot> taken = draft.handOver(draft.init, monitor, List.of(state, listener), why);
    draft.close(draft.init, listener);
    Blob room = Blob.room(LONGEST, "document");
    Slot length = draft.slots.take("length");
    monitor
        .call(Syscall.READ, Value.of(taken.getFirst()), Value.at(room), Value.of(LONGEST))
        .into(length)
        .because(why);
    Blob control = Blob.words("{SCM_RIGHTS}", 20, 1 | 1L << 32, 0);
    draft.poke(monitor, control, 16, taken.get(1), 4);
    Blob part = Blob.words("{document}", 0, 0).point(0, room);
    draft.poke(monitor, part, 8, length, 8);
    Blob message =
        Blob.words("{document, SCM_RIGHTS}", 0, 0, 0, 1, 0, 24, 0)
            .point(16, part)
            .point(32, control);
    monitor
        .call(
            Syscall.SENDMSG,
            Value.of(socket),
            Value.at(message),
            Value.named("MSG_NOSIGNAL", 0x4000))
        .because(why);
    taken.forEach(slot -> draft.close(monitor, slot));
    draft.close(monitor, socket);
  }

  /** What would never be answered. */
  static void check(Wanted wanted) {
    Optional<Seccomp> seccomp = wanted.linux().seccomp();
    if (seccomp.isEmpty()) {
      return;
    }
    boolean asks = wanted.bundle().seccomp().filter(profile -> profile.notifies()).isPresent();
    boolean path = seccomp.get().listenerPath().filter(text -> !text.isEmpty()).isPresent();
    if (seccomp.get().defaultAction().equals("SCMP_ACT_NOTIFY")) {
      throw refuse("SCMP_ACT_NOTIFY cannot be used as default action");
    }
    for (String call : List.of("write", "sendmsg")) {
      if (notified(seccomp.get(), call)) {
        throw refuse("SCMP_ACT_NOTIFY cannot be used for the " + call + " syscall");
      }
    }
    if (asks && !path) {
      throw refuse("'linux.seccomp' has SCMP_ACT_NOTIFY but no 'listenerPath'");
    }
    if (!path && seccomp.get().listenerMetadata().filter(text -> !text.isEmpty()).isPresent()) {
      throw refuse("'linux.seccomp.listenerMetadata' is set without 'listenerPath'");
    }
  }

  private static boolean notified(Seccomp seccomp, String call) {
    return seccomp.syscalls().stream()
        .anyMatch(rule -> rule.action().equals("SCMP_ACT_NOTIFY") && rule.names().contains(call));
  }

  private static LaunchException refuse(String why) {
    return new LaunchException(LaunchException.Kind.REFUSED, why);
  }
}
