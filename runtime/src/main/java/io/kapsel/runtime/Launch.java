package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.mount.Mounts;
import io.kapsel.linux.socket.SocketKind;
import io.kapsel.linux.socket.UnixListener;
import io.kapsel.linux.socket.UnixStream;
import io.kapsel.runtime.plan.EncodedSegment;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** One launch: sends its segments to a launcher and understands the answers. */
final class Launch {
  private static final int PRIVATE_FILE = 0600;

  private final Control control;
  private Function<String, Fd> userNamespaces = Launch::noUserNamespace;
  private final DevicePrograms programs;
  private Optional<Fd> entered = Optional.empty();
  private final List<EncodedSegment> segments = new ArrayList<>();
  private final List<String> notices = new ArrayList<>();
  private final List<Fd> errors = new ArrayList<>();

  Launch(Control control, DevicePrograms programs) {
    this.control = control;
    this.programs = programs;
  }

  /**
   * A process that a segment enters, or a socket that it hands over: by its descriptor, for a pid
   * may be another's by now.
   */
  Launch entering(Fd process) {
    entered = Optional.of(process);
    return this;
  }

  /** Who makes user namespaces for mounts with owners of their own. */
  Launch mapping(Function<String, Fd> maker) {
    userNamespaces = maker;
    return this;
  }

  private static Fd noUserNamespace(String mappings) {
    throw new LaunchException(
        LaunchException.Kind.REFUSED, "owners cannot be mapped here: '" + mappings + "'");
  }

  /** A segment with all that it needs from the host, ready to be sent. */
  record Packed(EncodedSegment encoded, List<Fd> descriptors) implements AutoCloseable {
    @Override
    public void close() {
      descriptors.forEach(Fd::close);
    }
  }

  /** Opens what a segment needs. What is missing is noticed before the launcher does anything. */
  Packed pack(EncodedSegment encoded) {
    Segment segment = encoded.segment();
    List<Fd> opened = new ArrayList<>();
    boolean whole = false;
    try {
      opened.add(Memfd.sealed(segment.name(), encoded.bytes()));
      for (Input input : segment.inputs()) {
        opened.add(open(input));
      }
      whole = true;
      return new Packed(encoded, opened);
    } finally {
      if (!whole) {
        opened.forEach(Fd::close);
      }
    }
  }

  /** Sends a segment with what it needs from the host. */
  void send(Segment segment) {
    send(EncodedSegment.of(segment));
  }

  void send(EncodedSegment encoded) {
    try (Packed packed = pack(encoded)) {
      send(packed);
    }
  }

  /** A launcher that is gone has said why, if a step of an earlier segment failed. */
  void send(Packed packed) {
    segments.add(packed.encoded());
    try {
      control.send(Control.SEGMENT, 0, packed.descriptors().toArray(Fd[]::new));
    } catch (SyscallException e) {
      if (e.is(Errno.EPIPE) || e.is(Errno.ECONNRESET)) {
        expect(Control.STARTED);
      }
      throw e;
    }
  }

  private Fd open(Input input) {
    String path = input.path();
    return switch (input.kind()) {
      case TREE -> Mounts.openTree(path, Mounts.CLONE);
      case TREE_RECURSIVE -> Mounts.openTree(path, Mounts.CLONE | Mounts.RECURSIVE);
      case TREE_BELOW -> {
        String[] parts = path.split("\n", 2);
        yield Mounts.openTreeBelow(parts[0], parts[1], Mounts.CLONE | Mounts.RECURSIVE);
      }
      case DIRECTORY -> Open.path(path, OpenFlags.READ | OpenFlags.DIRECTORY);
      case WRITE ->
          Open.create(path, OpenFlags.WRITE | OpenFlags.CREATE | OpenFlags.TRUNCATE, PRIVATE_FILE);
      case WRITE_EXISTING -> Open.path(path, OpenFlags.WRITE);
      case READ -> Open.path(path, OpenFlags.READ);
      case LISTENER -> UnixListener.bind(path, SocketKind.MESSAGES, PRIVATE_FILE).fd();
      case SOCKET -> UnixStream.connect(path).fd();
      case PROCESS, CHANNEL -> entered.orElseThrow().duplicate();
      case FILESYSTEM -> HostFilesystem.mount(path);
      case COPY -> TreeCopy.mount(path);
      case ERRORS -> errors();
      case USER_NAMESPACE -> userNamespaces.apply(path);
      case DEVICE_PROGRAM -> programs.open(path);
    };
  }

  /** One file for all hooks of a launch; what is in it is asked for when one has failed. */
  private Fd errors() {
    Fd file = Memfd.room("errors", HookRunner.MOST_ERRORS);
    errors.add(file.duplicate());
    return file;
  }

  /** What hooks of the plan said. */
  private String said() {
    StringBuilder all = new StringBuilder();
    errors.forEach(file -> all.append(HookRunner.said(file)));
    return all.toString();
  }

  /** Forgets what hooks said. */
  void forgetErrors() {
    errors.forEach(Fd::close);
    errors.clear();
  }

  /** What the plan itself says that the user does not get. */
  Launch noting(List<String> known) {
    notices.addAll(known);
    return this;
  }

  /** Waits for the end of a segment that is not the last; the pid of the init half, 0: none. */
  int awaitDone() {
    return expect(Control.DONE).a();
  }

  /** Waits until the program was executed. */
  ContainerProcess awaitStarted(Optional<Path> record) {
    return new ContainerProcess(control, expect(Control.STARTED), record, notices);
  }

  /** Waits for the answer that is to come; a failure throws. */
  Control.Answer awaitAnswer(int type) {
    return expect(type);
  }

  private Control.Answer expect(int type) {
    while (true) {
      Control.Answer answer =
          control
              .receive()
              .orElseThrow(() ->
                  new LaunchException(
                      LaunchException.Kind.FAILED, "the launcher ended without a word"));
      if (answer.type() == type) {
        return answer;
      }
      if (answer.type() == Control.FAILED) {
        throw failure(answer);
      }
      if (answer.type() == Control.NOTICE) {
        step(answer).ifPresent(step -> notices.add("not done: " + describe(step, answer)));
      }
    }
  }

  private Optional<Step> step(Control.Answer answer) {
    int segment = answer.b() >> 16;
    int index = answer.b() & 0xffff;
    if (answer.b() < 0 || segment >= segments.size()) {
      return Optional.empty();
    }
    Segment which = segments.get(segment).segment();
    List<Step> list = answer.a() == 0 ? which.monitor() : which.init();
    return index < list.size() ? Optional.of(list.get(index)) : Optional.empty();
  }

  private LaunchException failure(Control.Answer answer) {
    Errno errno = new Errno(answer.c());
    Optional<Step> step = step(answer);
    if (step.isEmpty()) {
      return new LaunchException(
          LaunchException.Kind.FAILED, "the launcher refused the plan: " + errno);
    }
    if (step.get().reason().startsWith("error running ")) {
      return new LaunchException(LaunchException.Kind.FAILED, hookFailed(step.get(), errno));
    }
    boolean missing = errno.equals(Errno.ENOENT) || errno.equals(Errno.ENOTDIR);
    LaunchException.Kind kind =
        missing ? LaunchException.Kind.NOT_FOUND : LaunchException.Kind.NOT_EXECUTABLE;
    if (step.get().reason().equals(GuestPlanner.LOOK)) {
      return new LaunchException(kind, describe(step.get(), answer));
    }
    if (step.get().op() != Step.Op.EXEC) {
      return new LaunchException(
          step.get().reason().startsWith(IdentityPlanner.WORKING_DIRECTORY)
              ? LaunchException.Kind.NOT_EXECUTABLE
              : LaunchException.Kind.FAILED,
          describe(step.get(), answer));
    }
    return new LaunchException(kind, "exec '" + program(step.get()) + "': " + errno);
  }

  private String hookFailed(Step step, Errno errno) {
    boolean ended = errno.equals(Errno.ECANCELED) || errno.equals(Errno.ETIMEDOUT);
    String how =
        ended
            ? (errno.equals(Errno.ECANCELED) ? ": it failed" : "")
            : ": " + step.callName() + ": " + errno;
    return step.reason() + how + ", stdout: , stderr: " + said();
  }

  private static String program(Step exec) {
    String shown = exec.argument(1).shown();
    int end = shown.indexOf(',') < 0 ? shown.length() - 1 : shown.indexOf(',');
    return shown.substring(1, end);
  }

  private String describe(Step step, Control.Answer answer) {
    Errno errno = new Errno(answer.c());
    String text = step.reason() + ": " + step.callName() + ": " + errno;
    if (step.reason().equals(AgentPlanner.WHY) && step.callName().equals("connect")) {
      return "failed to connect with seccomp agent: " + errno;
    }
    String what = segments.get(answer.b() >> 16).told(text);
    if (step.op() == Step.Op.OPEN_ROOT && errno.equals(Errno.ELOOP)) {
      return what + "; it must be mounted on ordinary directory, not through a link";
    }
    if (step.reason().equals(RootPlanner.LAYERS) && errno.equals(Errno.EINVAL)) {
      return what + "; upon overlayfs none can be written, and no third one lies upon two";
    }
    return step.makes("overlay") && errno.equals(Errno.ENODEV)
        ? what + "; this kernel has no overlayfs: modprobe overlay"
        : what;
  }

  List<String> notices() {
    return notices;
  }
}
