package io.kapsel.linux.device;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Device filters that the kernel has checked and compiled, which takes it longer than most other
 * steps of a launch; see BPF_PROG_LOAD in bpf(2). The last few different ones are kept.
 */
public final class DeviceProgram {
  private static final int PROG_LOAD = 5;
  private static final int TYPE_CGROUP_DEVICE = 15;
  private static final int ATTRIBUTES = 48;
  private static final int INSTRUCTION = 8;
  private static final int KEPT = 16;

  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Map<ByteBuffer, Fd> LOADED = new LinkedHashMap<>(KEPT, 0.75f, true);

  private DeviceProgram() {}

  /** The loaded program; the caller's own descriptor. */
  public static Fd load(byte[] program) {
    ByteBuffer code = ByteBuffer.wrap(program.clone());
    LOCK.lock();
    try {
      Fd loaded = LOADED.get(code);
      if (loaded == null) {
        loaded = loadNow(program);
        LOADED.put(code, loaded);
        forgetEldest();
      }
      return loaded.duplicate();
    } finally {
      LOCK.unlock();
    }
  }

  private static void forgetEldest() {
    if (LOADED.size() > KEPT) {
      ByteBuffer eldest = LOADED.keySet().iterator().next();
      Fd forgotten = LOADED.remove(eldest);
      if (forgotten != null) {
        forgotten.close();
      }
    }
  }

  private static Fd loadNow(byte[] program) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment attributes = scratch.allocate(ATTRIBUTES);
      attributes.fill((byte) 0);
      attributes.set(ValueLayout.JAVA_INT, 0, TYPE_CGROUP_DEVICE);
      attributes.set(ValueLayout.JAVA_INT, 4, program.length / INSTRUCTION);
      attributes.set(ValueLayout.JAVA_LONG, 8, scratch.copy(program).address());
      attributes.set(ValueLayout.JAVA_LONG, 16, scratch.text("Apache-2.0"));
      long fd = scratch.call(Syscall.BPF, PROG_LOAD, attributes.address(), ATTRIBUTES);
      return Fd.adopt((int) Kernel.check(fd, Syscall.BPF, "the device rules"));
    }
  }
}
