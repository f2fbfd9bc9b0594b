package io.kapsel.linux.mount;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A file as a block device; see loop(4). It is there as long as it is open or mounted, and goes by
 * itself.
 *
 * @param fd keeps it until it is mounted
 */
public record LoopDevice(String path, Fd fd) implements AutoCloseable {
  private static final int GET_FREE = 0x4c82;
  private static final int CONFIGURE = 0x4c0a; // since 5.8
  private static final int SIZE = 304;
  private static final int FLAGS = 60;
  private static final int GOES_BY_ITSELF = 4;
  private static final int ATTEMPTS = 64;

  /** Makes a file one. Others may take the free one that was found: then it is the next. */
  public static LoopDevice of(Fd file) {
    SyscallException taken = new SyscallException("ioctl", "/dev/loop-control", Errno.EBUSY);
    try (Fd control = Open.path("/dev/loop-control", OpenFlags.READ_WRITE)) {
      for (int i = 0; i < ATTEMPTS; i++) {
        long number = Kernel.call(Syscall.IOCTL, control.number(), GET_FREE, 0);
        String path = "/dev/loop" + Kernel.check(number, Syscall.IOCTL, "/dev/loop-control");
        Fd device = Open.path(path, OpenFlags.READ_WRITE);
        long result = configure(device, file);
        if (!Kernel.failed(result)) {
          return new LoopDevice(path, device);
        }
        device.close();
        if (result != -Errno.EBUSY.number()) {
          Kernel.check(result, Syscall.IOCTL, path);
        }
      }
    }
    throw taken;
  }

  private static long configure(Fd device, Fd file) {
    try (Scratch scratch = Scratch.take();
        Fd.Lease lease = file.lease()) {
      MemorySegment configuration = scratch.allocate(SIZE);
      configuration.set(ValueLayout.JAVA_INT, 0, lease.number());
      configuration.set(ValueLayout.JAVA_INT, FLAGS, GOES_BY_ITSELF);
      return scratch.call(Syscall.IOCTL, device.number(), CONFIGURE, configuration.address());
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
