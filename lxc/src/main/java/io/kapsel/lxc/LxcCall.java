package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.Kapsel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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
    return new LxcSource(path("rcfile"), defined);
  }

  /** A path that an option names, as its caller sees it. */
  Optional<Path> path(String option) {
    return options.last(option).map(it -> caller.directory().resolve(it).normalize());
  }
}
