package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.Kapsel;
import java.util.List;

/** One use of one of LXC's programs, for the container of that name. */
record LxcCall(
    LxcCaller caller,
    Kapsel engine,
    String program,
    LxcOptions options,
    LxcPlace place,
    String name) {
  void print(String line) {
    caller.out(line + "\n");
  }

  /** The same for another container. */
  LxcCall of(String other) {
    return new LxcCall(caller, engine, program, options, place, other);
  }

  /** The engine's container, which runs. */
  Container running() {
    return place
        .running(name)
        .orElseThrow(
            () -> new LxcException("'" + place.directory() + ":" + name + "' is not running"));
  }

  /** The container, whatever it does. */
  Container current() {
    return place.current(name, LxcSource.USUAL);
  }

  /** Where the call says that the container is to be read. */
  LxcSource source(List<String> defined) {
    return new LxcSource(
        options.last("rcfile").map(it -> caller.directory().resolve(it).normalize()), defined);
  }
}
