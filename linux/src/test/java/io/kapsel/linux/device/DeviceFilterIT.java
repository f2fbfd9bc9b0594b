package io.kapsel.linux.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The kernel's verifier takes the programs. */
class DeviceFilterIT {
  private static final int PROGRAM_LOAD = 5;
  private static final int CGROUP_DEVICE = 15;
  private static final int INSTRUCTION = 8;

  @Test
  void theKernelTakesTheDefaultRules() {
    try (Fd program = load(DeviceFilter.compile(DeviceRule.defaults()))) {
      assertThat(program.closed()).isFalse();
    }
  }

  @Test
  void theKernelTakesNoRuleAndEveryFormOfOne() {
    load(DeviceFilter.compile(List.of())).close();
    List<DeviceRule> rules = new ArrayList<>();
    for (char type : new char[] {'a', 'b', 'c'}) {
      for (String access : List.of("r", "w", "m", "rw", "rwm", "")) {
        rules.add(DeviceRule.of(true, type, DeviceRule.ANY, DeviceRule.ANY, access));
        rules.add(DeviceRule.of(false, type, 8, DeviceRule.ANY, access));
        rules.add(DeviceRule.of(true, type, DeviceRule.ANY, 3, access));
        rules.add(DeviceRule.of(false, type, 1 << 20, 255, access));
      }
    }
    load(DeviceFilter.compile(rules)).close();
  }

  private static Fd load(byte[] code) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment attributes = scratch.allocate(48);
      attributes.set(ValueLayout.JAVA_INT, 0, CGROUP_DEVICE);
      attributes.set(ValueLayout.JAVA_INT, 4, code.length / INSTRUCTION);
      attributes.set(ValueLayout.JAVA_LONG, 8, scratch.copy(code).address());
      byte[] license = "Apache-2.0\0".getBytes(StandardCharsets.US_ASCII);
      attributes.set(ValueLayout.JAVA_LONG, 16, scratch.copy(license).address());
      long result = scratch.call(Syscall.BPF, PROGRAM_LOAD, attributes.address(), 48);
      return Fd.adopt((int) Kernel.check(result, Syscall.BPF, "device filter"));
    }
  }
}
