package io.kapsel.lxc;

import io.kapsel.engine.Companion;
import io.kapsel.engine.Container;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Kapsel;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Joined;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Calls the hooks of containers that a configuration of LXC defines, whoever starts them. */
final class LxcCompanion implements Companion {
  private final Kapsel engine;
  private final Map<String, List<String>> peers = new ConcurrentHashMap<>();

  LxcCompanion(Kapsel engine) {
    this.engine = engine;
  }

  @Override
  public void starting(Container container) {
    run(container, "pre-start", "");
  }

  @Override
  public void joined(Container container) {
    refusing(container, "start", hooks -> hooks.cards("up", peers(container)));
  }

  /** The host's ends of its cards, which go with it. */
  private List<String> peers(Container container) {
    List<String> now =
        container.joined().map(Joined::endpoints).orElse(List.of()).stream()
            .map(Endpoint::link)
            .toList();
    peers.put(container.id(), now);
    return now;
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
    List<String> links = Optional.ofNullable(peers.remove(container.id())).orElse(List.of());
    refusing(container, "end", hooks -> hooks.cards("down", links));
    run(container, "post-stop", again ? "reboot" : "stop");
  }

  private void run(Container container, String moment, String target) {
    String action = moment.equals("post-stop") ? "end" : "start";
    refusing(container, action, hooks -> hooks.run(moment, target));
  }

  private void refusing(Container container, String action, Consumer<LxcHooks> work) {
    try {
      hooks(container).ifPresent(work);
    } catch (LxcException e) {
      throw new EngineException.Refused(action, container.name(), String.valueOf(e.getMessage()));
    }
  }

  private Optional<LxcHooks> hooks(Container container) {
    return Optional.ofNullable(container.spec().labels().get(LxcPlan.PATH_LABEL))
        .flatMap(place -> LxcHooks.of(new LxcPlace(engine, Path.of(place)), container.name()));
  }
}
