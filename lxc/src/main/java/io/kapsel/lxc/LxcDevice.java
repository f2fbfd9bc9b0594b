package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.Devices;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.network.HostLink;
import java.nio.file.Path;
import java.util.List;

/** {@code lxc-device}: devices and interfaces of the host in a container that runs. */
final class LxcDevice {
  private final LxcCall call;
  private final String device;
  private final String other;

  /** The second name is that of the other side: inside to add, on the host to take away. */
  private LxcDevice(LxcCall call, String device, String other) {
    this.call = call;
    this.device = device;
    this.other = other;
  }

  static int run(LxcCall call) {
    if (!call.place().isRunning(call.name())) {
      throw new LxcException("Container " + call.name() + " is not running");
    }
    List<String> words = call.options().operands();
    if (words.size() < 2) {
      throw new LxcException("Error: no command given (Please see --help output)");
    }
    String device = words.get(1);
    LxcDevice work = new LxcDevice(call, device, words.size() > 2 ? words.get(2) : device);
    switch (words.getFirst()) {
      case "add" -> work.doing("add", "to", work::add);
      case "del" -> work.doing("del", "from", work::remove);
      default -> throw new LxcException("Error: Please use add or del (Please see --help output)");
    }
    return 0;
  }

  private void doing(String action, String where, Runnable work) {
    try {
      work.run();
    } catch (EngineException | IllegalArgumentException e) {
      throw new LxcException(
          "Failed to %s %s %s %s: %s"
              .formatted(action, device, where, call.name(), e.getMessage()));
    }
  }

  private Container container() {
    return call.running();
  }

  private boolean isNode() {
    return device.startsWith("/");
  }

  private void add() {
    if (isNode()) {
      container().devices().add(new DeviceRequest(Path.of(device), other, "rwm"));
    } else {
      container().devices().add(HostLink.parse(device + ":" + other));
    }
  }

  /** An interface comes back under the name that it had; another one is not given. */
  private void remove() {
    if (!isNode() && !other.equals(device) && !other.equals(source())) {
      throw new IllegalArgumentException("it comes back as '" + source() + "', as it was called");
    }
    container().devices().remove(device);
  }

  private String source() {
    return container().devices().list().stream()
        .filter(each -> each.place().equals(device))
        .map(Devices.Entry::source)
        .findFirst()
        .orElse(other);
  }
}
