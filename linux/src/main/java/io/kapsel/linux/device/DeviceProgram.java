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
  private static final int PROG_ATTACH = 8;
  private static final int PROG_BY_ID = 13;
  private static final int PROG_QUERY = 16;
  private static final int DEVICE_HOOK = 6;
  private static final int ALLOW_MULTI = 2;
  private static final int REPLACE = 4;
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

  /**
   * Puts a program in the place of the one that a version 2 group has, without a moment between;
   * BPF_F_REPLACE since 5.6.
   */
  public static void replace(Fd group, Fd program) {
    try (Fd.Lease at = group.lease();
        Fd.Lease next = program.lease();
        Scratch scratch = Scratch.take();
        Fd old = attached(at.number())) {
      MemorySegment attributes = scratch.allocate(ATTRIBUTES);
      attributes.fill((byte) 0);
      attributes.set(ValueLayout.JAVA_INT, 0, at.number());
      attributes.set(ValueLayout.JAVA_INT, 4, next.number());
      attributes.set(ValueLayout.JAVA_INT, 8, DEVICE_HOOK);
      attributes.set(ValueLayout.JAVA_INT, 12, ALLOW_MULTI | REPLACE);
      attributes.set(ValueLayout.JAVA_INT, 16, old.number());
      long result = scratch.call(Syscall.BPF, PROG_ATTACH, attributes.address(), ATTRIBUTES);
      Kernel.check(result, Syscall.BPF, "the device rules");
    }
  }

  /** The program that a group has itself. */
  private static Fd attached(int group) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment ids = scratch.allocate(8);
      ids.fill((byte) 0);
      MemorySegment attributes = scratch.allocate(ATTRIBUTES);
      attributes.fill((byte) 0);
      attributes.set(ValueLayout.JAVA_INT, 0, group);
      attributes.set(ValueLayout.JAVA_INT, 4, DEVICE_HOOK);
      attributes.set(ValueLayout.JAVA_LONG, 16, ids.address());
      attributes.set(ValueLayout.JAVA_INT, 24, 1);
      long result = scratch.call(Syscall.BPF, PROG_QUERY, attributes.address(), ATTRIBUTES);
      Kernel.check(result, Syscall.BPF, "the device rules");
      attributes.fill((byte) 0);
      attributes.set(ValueLayout.JAVA_INT, 0, ids.get(ValueLayout.JAVA_INT, 0));
      long fd = scratch.call(Syscall.BPF, PROG_BY_ID, attributes.address(), ATTRIBUTES);
      return Fd.adopt((int) Kernel.check(fd, Syscall.BPF, "the device rules"));
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
