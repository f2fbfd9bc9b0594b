package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.spec.ContainerSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code lxc-execute}: one program in a container, with a small init above it. */
final class LxcExecute {
  private final LxcCall call;

  private LxcExecute(LxcCall call) {
    this.call = call;
  }

  static int run(LxcCall call) {
    return new LxcExecute(call).run();
  }

  private int run() {
    LxcPlace place = call.place();
    LxcOptions options = call.options();
    LxcSource source = call.source(options.all("define"));
    LxcConfig config =
        source
            .read(place, call.name())
            .orElseThrow(() ->
                new LxcException(
                    "Executing a container with no configuration file may crash the host"));
    if (place.isRunning(call.name())) {
      throw new LxcException("Container \"" + call.name() + "\" appears to be already running");
    }
    Container container = made(source.notedIn(spec(config)));
    if (options.has("daemon")) {
      container.start();
      return 0;
    }
    return call.caller().foreground(container);
  }

  private ContainerSpec spec(LxcConfig config) {
    LxcOptions options = call.options();
    List<String> words =
        options.operands().isEmpty()
            ? config
                .value("lxc.execute.cmd")
                .map(LxcPlan::words)
                .orElseThrow(() -> new LxcException("there is no program to run"))
            : options.operands();
    Optional<String> user =
        options
            .last("uid")
            .or(() -> config.value("lxc.init.uid"))
            .map(uid -> uid + group(config).map(gid -> ":" + gid).orElse(""))
            .or(() -> group(config).map(gid -> "0:" + gid));
    Path directory = call.place().directory();
    boolean stays = call.place().exists(call.name());
    return LxcPlan.of(
        config,
        call.name(),
        directory,
        Optional.of(new LxcPlan.Program(words, user, call.caller().terminal(), !stays)));
  }

  private Optional<String> group(LxcConfig config) {
    return call.options().last("gid").or(() -> config.value("lxc.init.gid"));
  }

  private Container made(ContainerSpec spec) {
    Optional<Container> there = call.place().container(call.name());
    there.ifPresent(it -> it.specify(spec));
    return there.orElseGet(() -> call.engine().create(spec));
  }
}
