package io.kapsel.lxc;

import io.kapsel.engine.Companion;
import io.kapsel.engine.Container;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Kapsel;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Joined;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Calls the hooks of containers that a configuration of LXC defines, whoever starts them. */
final class LxcCompanion implements Companion {
  private static final System.Logger LOG = System.getLogger(LxcCompanion.class.getName());

  private static final String PID = "LXC_PID=";

  private final Kapsel engine;
  private final Map<String, List<String>> peers = new ConcurrentHashMap<>();
  private final Map<String, LxcNamespaces> held = new ConcurrentHashMap<>();
  private final Map<String, Integer> pids = new ConcurrentHashMap<>();
  private final LxcConsoleFiles consoles = new LxcConsoleFiles();

  LxcCompanion(Kapsel engine) {
    this.engine = engine;
  }

  @Override
  public void found(Container container) {
    consoles.found(container);
  }

  @Override
  public void starting(Container container) {
    refusing(container, "start", hooks -> hooks.run("pre-start", ""));
    try {
      consoles.starting(container);
    } catch (LxcException e) {
      throw new EngineException.Refused("start", container.name(), String.valueOf(e.getMessage()));
    }
  }

  @Override
  public boolean amends(ContainerSpec spec) {
    return spec.labels().containsKey(LxcPlan.PATH_LABEL);
  }

  @Override
  public Spec amended(ContainerSpec spec, Path root, Spec configuration) {
    String name = spec.name().orElse("");
    try {
      return hooks(spec, name)
          .map(hooks -> new LxcAmendment(hooks).to(configuration, root))
          .orElse(configuration);
    } catch (LxcException e) {
      throw new EngineException.Refused("start", name, String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void joined(Container container, int pid) {
    refusing(
        container,
        "start",
        hooks -> {
          LxcCore.share(hooks.config(), pid);
          List<String> ends = peers(container);
          new LxcNetworks(hooks.config()).name(ends);
          hooks.cards("up", ends);
        });
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
    consoles.started(container);
    hooks(container).ifPresent(hooks -> limit(container, hooks.config()));
    refusing(container, "start", hooks -> startHost(container, hooks));
  }

  private void startHost(Container container, LxcHooks hooks) {
    int pid = container.status().pid().orElse(0);
    if (hooks.hasSome("stop") || hooks.hasSome("post-stop")) {
      pids.put(container.id(), pid);
      Optional.ofNullable(held.put(container.id(), LxcNamespaces.of(pid)))
          .ifPresent(LxcNamespaces::close);
    }
    hooks.run("start-host", "", List.of(), List.of(PID + pid));
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
    Optional<LxcNamespaces> namespaces = Optional.ofNullable(held.remove(container.id()));
    String target = again ? "reboot" : "stop";
    List<String> arguments = namespaces.map(LxcNamespaces::arguments).orElse(List.of());
    List<String> variables = new ArrayList<>();
    Optional.ofNullable(pids.remove(container.id())).ifPresent(it -> variables.add(PID + it));
    namespaces.map(LxcNamespaces::variables).ifPresent(variables::addAll);
    trying(container, hooks -> hooks.run("stop", target, arguments, variables));
    trying(container, hooks -> hooks.cards("down", links));
    trying(container, hooks -> hooks.run("post-stop", target, List.of(), variables));
    namespaces.ifPresent(LxcNamespaces::close);
  }

  /** Nobody waits for these: one that fails keeps no other from running. */
  private void trying(Container container, Consumer<LxcHooks> work) {
    try {
      hooks(container).ifPresent(work);
    } catch (LxcException e) {
      LOG.log(System.Logger.Level.WARNING, "a hook has failed container=" + container.name(), e);
    }
  }

  private void refusing(Container container, String action, Consumer<LxcHooks> work) {
    try {
      hooks(container).ifPresent(work);
    } catch (LxcException e) {
      throw new EngineException.Refused(action, container.name(), String.valueOf(e.getMessage()));
    }
  }

  private Optional<LxcHooks> hooks(Container container) {
    return hooks(container.spec(), container.name());
  }

  private Optional<LxcHooks> hooks(ContainerSpec spec, String name) {
    return Optional.ofNullable(spec.labels().get(LxcPlan.PATH_LABEL))
        .flatMap(
            place -> LxcHooks.of(new LxcPlace(engine, Path.of(place)), name, LxcSource.of(spec)));
  }
}
