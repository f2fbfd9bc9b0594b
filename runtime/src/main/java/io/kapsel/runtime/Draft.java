package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.IdMapping;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A segment being written, with the calls that planners share. */
final class Draft {
  private static final int MAX_PASSED = 6;
  private static final int WORD = 8;

  final Slots slots;
  final Steps monitor = new Steps();
  final Steps init = new Steps();
  private final String name;
  private final List<Input> inputs = new ArrayList<>();
  private final List<Slot> reserved = new ArrayList<>();
  private final Map<String, Slot> owners = new HashMap<>();

  /** {@code inputs}: how many descriptors the engine can hand over at most. */
  Draft(String name, Slots slots, int inputs) {
    this.name = name;
    this.slots = slots;
    for (int i = 0; i < inputs; i++) {
      reserved.add(slots.take("input" + i));
    }
  }

  Slot input(Input.Kind kind, String path, String label, String reason) {
    if (inputs.size() == reserved.size()) {
      throw new IllegalArgumentException(
          "more than " + reserved.size() + " mounts and layers cannot be given to one container");
    }
    Slot slot = new Slot(reserved.get(inputs.size()).number(), label);
    inputs.add(new Input(slot, kind, path, reason));
    return slot;
  }

  Segment segment(boolean last) {
    return new Segment(name, inputs, monitor.list(), init.list(), last);
  }

  /** What was written so far, as a segment that is sent before the rest. */
  Segment cut(String name) {
    Segment cut = new Segment(name, inputs, monitor.take(), init.take(), false);
    reserved.subList(0, inputs.size()).clear();
    inputs.clear();
    return cut;
  }

  /** Makes a file system, detached. Options without a value are flags. */
  Slot filesystem(
      Steps steps,
      String type,
      String label,
      Value.Constant attributes,
      String why,
      String... options) {
    return filesystem(steps, type, slots.take(label), attributes, why, options);
  }

  /** The same into a slot that is there. */
  Slot filesystem(
      Steps steps,
      String type,
      Slot mount,
      Value.Constant attributes,
      String why,
      String... options) {
    Slot context = slots.sharedBy("context");
    steps.call(Syscall.FSOPEN, Value.text(type), Flag.CONTEXT_CLOEXEC).into(context).because(why);
    for (String option : options) {
      int equals = option.indexOf('=');
      if (equals < 0) {
        steps
            .call(
                Syscall.FSCONFIG,
                Value.of(context),
                Flag.SET_FLAG,
                Value.text(option),
                Flag.NULL,
                Flag.ZERO)
            .because(why);
      } else {
        steps
            .call(
                Syscall.FSCONFIG,
                Value.of(context),
                Flag.SET_STRING,
                Value.text(option.substring(0, equals)),
                Value.text(option.substring(equals + 1)),
                Flag.ZERO)
            .because(why);
      }
    }
    create(steps, context, mount, attributes, why);
    return mount;
  }

  void create(Steps steps, Slot context, Slot mount, Value.Constant attributes, String why) {
    steps
        .call(Syscall.FSCONFIG, Value.of(context), Flag.CREATE, Flag.NULL, Flag.NULL, Flag.ZERO)
        .because(why);
    steps
        .call(Syscall.FSMOUNT, Value.of(context), Flag.MOUNT_CLOEXEC, attributes)
        .into(mount)
        .because(why);
    close(steps, context);
  }

  void close(Steps steps, Slot slot) {
    steps.call(Syscall.CLOSE, Value.of(slot)).because("no longer needed").ifThere();
  }

  /** Attaches a detached mount to a descriptor of the place. */
  Step attach(Steps steps, Slot mount, Slot place, String why) {
    return steps
        .call(
            Syscall.MOVE_MOUNT,
            Value.of(mount),
            Value.text(""),
            Value.of(place),
            Value.text(""),
            Flag.BETWEEN_DESCRIPTORS)
        .because(why);
  }

  /** Attaches a detached mount to a path of the launcher's own small tree. */
  Step attach(Steps steps, Slot mount, Value directory, String path, String why) {
    return steps
        .call(
            Syscall.MOVE_MOUNT,
            Value.of(mount),
            Value.text(""),
            directory,
            Value.text(path),
            Flag.FROM_EMPTY)
        .because(why);
  }

  Slot inRoot(
      Steps steps,
      Slot root,
      String path,
      Value.Constant want,
      int mode,
      String label,
      String why) {
    Slot slot = slots.sharedBy(label);
    steps
        .act(Step.Op.OPEN_ROOT, Value.of(root), Value.text(path), want, Value.mode(mode))
        .into(slot)
        .because(why);
    return slot;
  }

  /** Writes a value to a file below a directory. */
  void put(Steps steps, Slot directory, String path, String value, String why) {
    Slot file = slots.sharedBy("file");
    steps
        .call(
            Syscall.OPENAT, Value.of(directory), Value.text(path), Flag.WRITE_PRIVATELY, Flag.ZERO)
        .into(file)
        .because(why);
    write(steps, file, value, why);
    close(steps, file);
  }

  Step write(Steps steps, Slot file, String value, String why) {
    return steps
        .call(
            Syscall.WRITE,
            Value.of(file),
            Value.text(value),
            Value.of(value.getBytes(java.nio.charset.StandardCharsets.UTF_8).length))
        .because(why);
  }

  /** A user namespace that nobody lives in: mounts show owners as it maps them. */
  Slot owners(List<IdMapping> uids, List<IdMapping> gids, String why) {
    return owners.computeIfAbsent(
        Wanted.lines(uids) + "/" + Wanted.lines(gids),
        mappings -> input(Input.Kind.USER_NAMESPACE, mappings, "owners", why));
  }

  /** Sets attributes of a detached mount, and of those below it. */
  Step attributes(Steps steps, Slot mount, long set, Slot userNamespace, String shown, String why) {
    return attributes(steps, mount, Blob.words(shown, set, 0, 0, 0), userNamespace, why);
  }

  /**
   * Takes a tree of the host out of the host's peer groups, unless the mount asks otherwise, and
   * sets its attributes, while nobody sees it yet.
   */
  Step attributes(Steps steps, Slot tree, MountOptions options, String why) {
    MountChange change = options.change();
    Blob attributes =
        Blob.words(
            "{" + options.shown() + "}",
            change.set().value(),
            change.clear(),
            options.propagation().value(),
            0);
    return attributes(steps, tree, attributes, NONE, why);
  }

  private Step attributes(
      Steps steps, Slot mount, Blob attributes, Slot userNamespace, String why) {
    if (userNamespace.number() >= 0) {
      poke(steps, attributes, 24, userNamespace, 8);
    }
    return steps
        .call(
            Syscall.MOUNT_SETATTR,
            Value.of(mount),
            Value.text(""),
            Flag.THIS_AND_BELOW,
            Value.at(attributes),
            Value.of(32))
        .because(why);
  }

  static final Slot NONE = new Slot(-1, "none");

  Step attributes(Steps steps, Slot mount, Value.Constant set, String why) {
    return attributes(steps, mount, set.value(), NONE, "{" + set.shown() + "}", why);
  }

  /** Sets attributes of one mount alone. */
  Step attributesOf(Steps steps, Slot mount, Value.Constant set, String why) {
    return steps
        .call(
            Syscall.MOUNT_SETATTR,
            Value.of(mount),
            Value.text(""),
            Flag.EMPTY_PATH,
            Value.at(Blob.words("{" + set.shown() + "}", set.value(), 0, 0, 0)),
            Value.of(32))
        .because(why);
  }

  /** Fails with EPERM unless the blob holds these bytes by now. */
  void expect(Steps steps, Blob blob, byte[] wanted, String why) {
    ByteBuffer words = ByteBuffer.wrap(padded(wanted)).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < wanted.length; at += WORD) {
      long mask = mask(wanted.length - at);
      expect(steps, blob.offset(at), Value.of(words.getLong(at) & mask), mask).because(why);
    }
  }

  /** The same for a text, which stays one in the plan. */
  void expect(Steps steps, Blob blob, String wanted, String why) {
    byte[] bytes = wanted.getBytes(StandardCharsets.US_ASCII);
    Blob known = Blob.of(padded(bytes), '"' + wanted.strip().replace("\n", "\\n") + '"');
    for (int at = 0; at < bytes.length; at += WORD) {
      Value word = new Value.Loaded(known.offset(at), WORD);
      expect(steps, blob.offset(at), word, mask(bytes.length - at)).because(why);
    }
  }

  private static Step expect(Steps steps, Blob there, Value wanted, long mask) {
    return steps.act(
        Step.Op.EXPECT,
        new Value.Loaded(there, WORD),
        wanted,
        Value.of(mask),
        Value.named("EPERM", Errno.EPERM.number()));
  }

  private static byte[] padded(byte[] bytes) {
    return Arrays.copyOf(bytes, (bytes.length + WORD - 1) / WORD * WORD);
  }

  private static long mask(int bytes) {
    return bytes >= WORD ? -1L : (1L << (8 * bytes)) - 1;
  }

  void poke(Steps steps, Blob blob, int offset, Slot value, int width) {
    steps
        .act(Step.Op.POKE, new Value.Address(at(blob, offset)), Value.of(value), Value.of(width))
        .because("completes " + blob.shown());
  }

  /** A place inside a blob: an own blob cannot overlap, so offsets travel with the address. */
  private static Blob at(Blob blob, int offset) {
    return blob.offset(offset);
  }

  /** Sends a text and a descriptor with it; see SCM_RIGHTS in unix(7). */
  void sendDescriptor(Steps steps, Slot socket, String text, Slot sent, String why) {
    Blob control = Blob.words("{SCM_RIGHTS}", 20, 1 | 1L << 32, 0);
    poke(steps, control, 16, sent, 4);
    int length = text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
    Blob part = Blob.words("{text}", 0, length).point(0, Blob.text(text));
    Blob message =
        Blob.words("{" + text + ", SCM_RIGHTS}", 0, 0, 0, 1, 0, 24, 0)
            .point(16, part)
            .point(32, control);
    steps
        .call(
            Syscall.SENDMSG,
            Value.of(socket),
            Value.at(message),
            Value.named("MSG_NOSIGNAL", 0x4000))
        .because(why);
  }

  /** Passes descriptors from one half to the other, in messages of a few. */
  void pass(Steps from, Steps to, List<Slot> passed, String why) {
    for (int i = 0; i < Math.max(passed.size(), 1); i += MAX_PASSED) {
      List<Slot> some = passed.subList(i, Math.min(passed.size(), i + MAX_PASSED));
      from.act(Step.Op.SEND, some.stream().map(Value::of).toArray(Value[]::new)).because(why);
      Slot first = NONE;
      for (Slot slot : some) {
        Slot taken = slots.take(slot.name());
        first = !first.isThere() ? taken : first;
        received.add(taken);
      }
      Step receive = to.act(Step.Op.RECEIVE, Value.of(some.size())).because(why);
      if (first.isThere()) {
        receive.into(first);
      }
    }
  }

  private final List<Slot> received = new ArrayList<>();

  /** Passes and says under which slots the other half knows them. */
  List<Slot> handOver(Steps from, Steps to, List<Slot> passed, String why) {
    received.clear();
    pass(from, to, passed, why);
    return List.copyOf(received);
  }

  static Errno[] errnos(Errno... all) {
    return all;
  }
}
