package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.device.DeviceProgram;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * The device filters that are in the kernel: it checks a program once, and attaches it to as many
 * control groups as are like it.
 */
final class DevicePrograms implements AutoCloseable {
  private static final int MOST = 64;

  private final Map<String, Fd> loaded = new HashMap<>();

  /** A descriptor of the caller's own for the program with these instructions, in hexadecimal. */
  synchronized Fd open(String instructions) {
    if (loaded.size() >= MOST && !loaded.containsKey(instructions)) {
      close();
    }
    return loaded
        .computeIfAbsent(instructions, text -> DeviceProgram.load(HexFormat.of().parseHex(text)))
        .duplicate();
  }

  @Override
  public synchronized void close() {
    loaded.values().forEach(Fd::close);
    loaded.clear();
  }
}
