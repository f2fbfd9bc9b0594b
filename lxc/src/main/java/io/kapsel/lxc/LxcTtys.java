package io.kapsel.lxc;

import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.Ttys;
import java.util.Optional;

/** {@code lxc.tty.max} and {@code lxc.tty.dir}: the terminals besides the console. */
final class LxcTtys {
  private LxcTtys() {}

  static Optional<Ttys> of(LxcConfig config) {
    Optional<LxcConfig.Entry> most = config.last("lxc.tty.max");
    int count = most.map(entry -> Integer.parseInt(entry.value())).orElse(0);
    if (count == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Ttys(count, config.value("lxc.tty.dir")));
    } catch (InvalidRequestException e) {
      LxcConfig.Entry wrong =
          count > Ttys.MOST ? most.orElseThrow() : config.last("lxc.tty.dir").orElseThrow();
      throw wrong.wrong(String.valueOf(e.getMessage()));
    }
  }
}
