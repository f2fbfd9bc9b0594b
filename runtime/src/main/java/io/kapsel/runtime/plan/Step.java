package io.kapsel.runtime.plan;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** One thing that the launcher does, why, and what happens when it fails. */
public final class Step {
  /** What the launcher knows to do; docs/guide/wire.md, section 1. */
  public enum Op {
    /** A system call. */
    SYSCALL,
    /** Divides the launcher into monitor and init. */
    CLONE,
    /** Passes descriptors to the other half. */
    SEND,
    /** Takes descriptors from the other half. */
    RECEIVE,
    /** Opens a file of a process in /proc. */
    OPEN_PROC,
    /** Opens a path inside a root, and nowhere else. */
    OPEN_ROOT,
    /** Executes the program. */
    EXEC,
    /** Writes a result into the plan's data. */
    POKE,
    /** Leaves a tiny init as pid 1. */
    REAPER,
    /** Fails unless a value is as wanted. */
    EXPECT,
    /** Tells the monitor what a descriptor is for. */
    ROLE
  }

  /** Stands for every errno. */
  static final int ANY = 0xffff;

  final Op op;
  final Optional<Syscall> call;
  final List<Value> arguments;
  Optional<Slot> result = Optional.empty();
  List<Integer> tolerated = List.of();
  boolean noticed;
  boolean guarded;
  int skipAfterSuccess;
  int skipAfterError;
  private String reason = "";

  Step(Op op, Optional<Syscall> call, Value... arguments) {
    this.op = op;
    this.call = call;
    this.arguments = List.copyOf(Arrays.asList(arguments));
  }

  /** Why it is done. */
  public Step because(String why) {
    reason = why;
    return this;
  }

  /** Keeps the result. */
  public Step into(Slot slot) {
    result = Optional.of(slot);
    return this;
  }

  /** Goes on after these failures. */
  public Step tolerating(Errno... errnos) {
    tolerated = new ArrayList<>(Arrays.stream(errnos).map(Errno::number).toList());
    return this;
  }

  /** Goes on after any failure. */
  public Step toleratingAll() {
    tolerated = List.of(ANY);
    return this;
  }

  /** A tolerated failure is told to the user. */
  public Step noticing() {
    noticed = true;
    return this;
  }

  /** Is left out when a slot that it uses holds nothing. */
  public Step ifThere() {
    guarded = true;
    return this;
  }

  /** After success that many of the following steps are left out. */
  public Step orElse(int steps) {
    skipAfterSuccess = steps;
    return this;
  }

  /** After a tolerated failure that many of the following steps are left out. */
  public Step elseSkipping(int steps) {
    skipAfterError = steps;
    return this;
  }

  /** What it does. */
  public Op op() {
    return op;
  }

  /** One of its arguments. */
  public Value argument(int index) {
    return arguments.get(index);
  }

  /** Why it is done. */
  public String reason() {
    return reason;
  }

  /** The call as strace(1) would show it. */
  public String shown() {
    String name =
        call.map(Syscall::label).orElseGet(() -> op.name().toLowerCase(java.util.Locale.ROOT));
    String list = arguments.stream().map(Value::shown).collect(Collectors.joining(", "));
    return name + "(" + list + ")" + result.map(slot -> " = " + slot.name()).orElse("");
  }

  /** What happens when it fails. */
  public String onFailure() {
    if (tolerated.isEmpty()) {
      return "abort";
    }
    String which =
        tolerated.contains(ANY)
            ? "any error"
            : tolerated.stream()
                .map(number -> new Errno(number).name())
                .collect(Collectors.joining(", "));
    return (noticed ? "report " : "ignore ") + which;
  }

  /** Whether it asks the kernel for a file system of that type. */
  public boolean makes(String type) {
    return call.filter(Syscall.FSOPEN::equals).isPresent()
        && argument(0).shown().equals("\"" + type + "\"");
  }

  /** The name of the call, for messages. */
  public String callName() {
    return switch (op) {
      case EXEC -> "exec";
      case OPEN_ROOT -> "open";
      case OPEN_PROC -> "open";
      case CLONE -> "clone3";
      default -> call.map(Syscall::label).orElse(op.name().toLowerCase(java.util.Locale.ROOT));
    };
  }
}
