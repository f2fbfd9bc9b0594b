package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.process.WaitStatus;
import io.kapsel.oci.Hooks.Hook;
import io.kapsel.oci.Spec;
import io.kapsel.oci.State;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Runs the hooks that belong to the runtime's own namespaces (runtime-spec, config.md,
 * "POSIX-platform Hooks"): one after the other, with the state on their input and nothing else of
 * ours.
 */
public final class HookRunner {
  static final int MOST_ERRORS = 64 * 1024;
  private static final int OTHERS_WRITE = 022;

  private final Bundle bundle;
  private final List<String> environment;

  /** For a bundle that is obeyed word for word. */
  public HookRunner(Bundle bundle) {
    this(bundle, List.of());
  }

  /** Hooks that name no environment get this one, as from a runtime that was called with it. */
  public HookRunner(Bundle bundle, List<String> environment) {
    this.bundle = bundle;
    this.environment = List.copyOf(environment);
  }

  /** Whether any runs between the mounts and the program. */
  boolean atCreation() {
    return !of(hooks -> hooks.prestart()).isEmpty()
        || !of(hooks -> hooks.createRuntime()).isEmpty();
  }

  /** {@code prestart} and {@code createRuntime}: everything is mounted and nothing is entered. */
  public void create(int pid) {
    run("prestart", of(hooks -> hooks.prestart()), "creating", Optional.of(pid));
    run("createRuntime", of(hooks -> hooks.createRuntime()), "creating", Optional.of(pid));
  }

  /** {@code poststart}: the program runs. */
  public void started(int pid) {
    run("poststart", of(hooks -> hooks.poststart()), "running", Optional.of(pid));
  }

  /**
   * {@code poststop}: the container is deleted. One that fails does not keep the others from
   * running; what they had to say is returned.
   */
  public List<String> deleted() {
    List<Hook> hooks = of(all -> all.poststop());
    return java.util.stream.IntStream.range(0, hooks.size())
        .mapToObj(i -> {
          try {
            run("poststop", i, hooks.get(i), state(bundle, "stopped", Optional.empty()));
            return "";
          } catch (LaunchException e) {
            return e.getMessage();
          }
        })
        .filter(text -> !text.isEmpty())
        .toList();
  }

  private List<Hook> of(java.util.function.Function<io.kapsel.oci.Hooks, List<Hook>> kind) {
    return bundle.spec().hooks().map(kind).orElse(List.of());
  }

  private void run(String kind, List<Hook> hooks, String status, Optional<Integer> pid) {
    for (int i = 0; i < hooks.size(); i++) {
      run(kind, i, hooks.get(i), state(bundle, status, pid));
    }
  }

  /** The state of a bundle's container. */
  static byte[] state(Bundle bundle, String status, Optional<Integer> pid) {
    Spec spec = bundle.spec();
    return new State(
            spec.ociVersion(),
            bundle.id(),
            status,
            pid,
            bundle.asWritten().map(AsWritten::directory).orElse(bundle.logDirectory()).toString(),
            spec.annotations())
        .toJson();
  }

  /** What an error begins with, in words that callers know. */
  static String what(String kind, int index) {
    return "error running " + kind + " hook #" + index;
  }

  private void run(String kind, int index, Hook hook, byte[] state) {
    String what = what(kind, index);
    try (Fd program = open(hook, what);
        Fd input = Memfd.room("state", state.length);
        Fd errors = Memfd.room("errors", MOST_ERRORS)) {
      Content.writeAt(input, 0, state);
      Spawn spawn =
          Spawn.program(program)
              .arguments(hook.args().isEmpty() ? List.of(hook.path()) : hook.args())
              .environment(hook.env().isEmpty() ? environment : hook.env())
              .descriptor(0, input)
              .descriptor(2, errors)
              .session();
      try (Child child = spawn.start()) {
        Optional<WaitStatus> ended = await(child, hook);
        if (ended.isEmpty()) {
          throw failed(what, "did not end within " + hook.timeout().orElse(0) + " s", errors);
        }
        if (ended.get().code() != 0) {
          throw failed(what, how(ended.get()), errors);
        }
      }
    } catch (SyscallException e) {
      throw new LaunchException(
          LaunchException.Kind.FAILED, what + ": " + hook.path() + ": " + e.getMessage());
    }
  }

  /** All that it has started ends with it when it takes too long. */
  private static Optional<WaitStatus> await(Child child, Hook hook) {
    if (hook.timeout().isEmpty()) {
      return Optional.of(child.await());
    }
    Optional<WaitStatus> ended = child.await(Duration.ofSeconds(hook.timeout().get()));
    if (ended.isEmpty()) {
      child.killGroup();
      child.await();
    }
    return ended;
  }

  /** Nobody but root, or whoever runs the engine, may be able to change what is run as them. */
  private static Fd open(Hook hook, String what) {
    Fd program = Open.path(hook.path(), OpenFlags.PATH);
    FileStatus status = Attributes.status(program);
    int own = (int) ownId();
    boolean safe =
        status.type() == FileType.REGULAR
            && (status.uid() == 0 || status.uid() == own)
            && (status.mode() & OTHERS_WRITE) == 0;
    if (!safe) {
      program.close();
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          what + ": '" + hook.path() + "' is not a program that only root can change");
    }
    return program;
  }

  private static long ownId() {
    try (Fd self = Open.path("/proc/self", OpenFlags.PATH)) {
      return Attributes.status(self).uid();
    }
  }

  private static String how(WaitStatus status) {
    return status.signal() == 0 ? "exit status " + status.code() : "signal: " + status.signal();
  }

  static LaunchException failed(String what, String how, Fd errors) {
    return new LaunchException(
        LaunchException.Kind.FAILED, what + ": " + how + ", stdout: , stderr: " + said(errors));
  }

  /** What was written into a room, up to the first zero. */
  static String said(Fd errors) {
    byte[] all = new byte[MOST_ERRORS];
    int length = Math.max(Content.readAt(errors, 0, all, 0, all.length), 0);
    int end = 0;
    while (end < length && all[end] != 0) {
      end++;
    }
    return new String(all, 0, end, java.nio.charset.StandardCharsets.UTF_8).strip();
  }
}
