package io.kapsel.lxc;

import io.kapsel.engine.Companion;
import io.kapsel.engine.Container;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Kapsel;
import java.nio.file.Path;
import java.util.Optional;

/** Calls the hooks of containers that a configuration of LXC defines, whoever starts them. */
final class LxcCompanion implements Companion {
  private final Kapsel engine;

  LxcCompanion(Kapsel engine) {
    this.engine = engine;
  }

  @Override
  public void starting(Container container) {
    run(container, "pre-start", "");
  }

  @Override
  public void started(Container container) {
    hooks(container).ifPresent(hooks -> limit(container, hooks.config()));
    run(container, "start-host", "");
  }

  /** What the engine has no limits of its own for. */
  private static void limit(Container container, LxcConfig config) {
    for (LxcConfig.Entry each : LxcGroups.others(config)) {
      try {
        container.measures().group(LxcGroups.file(each), each.value());
      } catch (EngineException e) {
        if (container.status().phase() == ContainerStatus.Phase.RUNNING) {
          throw new EngineException.Refused(
              "start",
              container.name(),
              String.valueOf(each.wrong(String.valueOf(e.getMessage())).getMessage()));
        }
      }
    }
  }

  @Override
  public void ended(Container container, boolean again) {
    run(container, "post-stop", again ? "reboot" : "stop");
  }

  private void run(Container container, String moment, String target) {
    try {
      hooks(container).ifPresent(hooks -> hooks.run(moment, target));
    } catch (LxcException e) {
      throw new EngineException.Refused(
          moment.equals("post-stop") ? "end" : "start",
          container.name(),
          String.valueOf(e.getMessage()));
    }
  }

  private Optional<LxcHooks> hooks(Container container) {
    return Optional.ofNullable(container.spec().labels().get(LxcPlan.PATH_LABEL))
        .flatMap(place -> LxcHooks.of(new LxcPlace(engine, Path.of(place)), container.name()));
  }
}
