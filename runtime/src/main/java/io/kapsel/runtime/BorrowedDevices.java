package io.kapsel.runtime;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.Device;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Devices for those who may make no nodes: the host's are shown, upon empty files of a private file
 * system, after a look at their numbers.
 */
final class BorrowedDevices {
  private static final int REGULAR = 0100000;
  private static final int STAT_RDEV = Abi.host() == Abi.X86_64 ? 40 : 32;

  private record Loan(String name, Device device, Slot tree) {}

  private final Draft draft;
  private final List<Loan> loans = new ArrayList<>();

  BorrowedDevices(Draft draft) {
    this.draft = draft;
  }

  /** The place for one, made by the monitor; its node is taken from the same path of the host. */
  void borrow(Slot dev, String name, Device device) {
    String path = device.path();
    Slot tree = draft.input(Input.Kind.TREE, path, "device", "device '" + path + "' of the host");
    draft
        .monitor
        .call(
            Syscall.MKNODAT,
            Value.of(dev),
            Value.text(name),
            Value.mode(REGULAR | 0600),
            Value.named("0:0", 0))
        .because("a place for the device '" + path + "'");
    loans.add(new Loan(name, device, tree));
  }

  /** In the init half, once their file system is attached: some kernels mount on nothing else. */
  void attach(Slot dev) {
    loans.forEach(each -> lend(dev, each));
  }

  /** What lies at the path must be the device that was asked for. */
  private void lend(Slot dev, Loan loan) {
    Steps init = draft.init;
    Device device = loan.device();
    String why = "device '" + device.path() + "'";
    Blob status = Blob.room(144, "stat");
    init.call(Syscall.FSTAT, Value.of(loan.tree()), Value.at(status)).because(why);
    init.act(
            Step.Op.EXPECT,
            new Value.Loaded(status.offset(STAT_RDEV), 8),
            Value.named(
                device.major() + ":" + device.minor(), number(device.major(), device.minor())),
            Value.named("~0", -1),
            Value.named("ENODEV", Errno.ENODEV.number()))
        .because("it is " + device.major() + ":" + device.minor());
    draft.attach(init, loan.tree(), Value.of(dev), loan.name(), why);
    draft.close(init, loan.tree());
  }

  /** As the kernel writes it where it is one number; see makedev(3). */
  static long number(long major, long minor) {
    return (minor & 0xffL) | (major & 0xfffL) << 8 | (minor & ~0xffL) << 12;
  }
}
