package io.kapsel.engine;

import io.kapsel.base.HexId;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.plan.EncodedPlan;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.PlanTemplate;
import io.kapsel.runtime.plan.Stencil;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Plans for containers: those that are alike are planned once. */
final class Plans {
  private static final int MOST = 256;
  private static final long FEWER_DIGITS = 600_000_000;
  private static final long MORE_DIGITS = 2_000_000_000;
  private static final long SPREAD = 300_000_000;

  /** All that a plan depends on but for the container's identity and the host's facts. */
  private record Kind(
      ContainerSpec spec,
      List<Path> layers,
      List<Users.Stamp> users,
      List<Boolean> directories,
      int digits) {}

  private final Kapsel engine;
  private final Map<Kind, Optional<PlanTemplate>> templates = new ConcurrentHashMap<>();
  private final SecureRandom random = new SecureRandom();

  Plans(Kapsel engine) {
    this.engine = engine;
  }

  /**
   * The plan for one container.
   *
   * @throws LaunchException when the host cannot do what it wants
   */
  EncodedPlan plan(ContainerSpec spec, Identity identity, Optional<List<Path>> unpacked) {
    Assembly assembly = new Assembly(engine, spec, identity, unpacked);
    Stencil stencil = stencil(identity);
    return template(assembly, stencil.digits(), unpacked)
        .map(each -> each.fill(stencil))
        .orElseGet(() -> EncodedPlan.of(engine.runtime.plan(assembly.bundle())));
  }

  private Optional<PlanTemplate> template(
      Assembly assembly, int digits, Optional<List<Path>> unpacked) {
    ContainerSpec spec = assembly.spec();
    if (!dependsOnNothingElse(spec) || engine.store.isInMemory(assembly.identity().id())) {
      return Optional.empty();
    }
    Kind kind =
        new Kind(alike(spec), assembly.layers(), stamps(assembly), directories(spec), digits);
    Optional<PlanTemplate> known = templates.get(kind);
    if (known != null) {
      return known;
    }
    if (templates.size() >= MOST) {
      templates.clear();
    }
    return make(kind, unpacked);
  }

  /** Neither the name nor what is made in the network afterwards is part of a plan. */
  private static ContainerSpec alike(ContainerSpec spec) {
    return new ContainerSpecBuilder(spec.named(Optional.empty()))
        .networks(NetworkRequest.in())
        .build();
  }

  /** What cannot be planned is planned again, for a message that names the right container. */
  private Optional<PlanTemplate> make(Kind kind, Optional<List<Path>> unpacked) {
    try {
      Optional<PlanTemplate> made =
          PlanTemplate.of(
              nobody(kind.digits()),
              nobody(kind.digits()),
              stencil -> plan(kind.spec(), stencil, unpacked));
      templates.put(kind, made);
      return made;
    } catch (EngineException | LaunchException _) {
      return Optional.empty();
    }
  }

  private LaunchPlan plan(ContainerSpec spec, Stencil stencil, Optional<List<Path>> unpacked) {
    Optional<Long> base =
        engine.ranges.shared() && Kapsel.hasUsers(spec)
            ? Optional.of(IdRanges.OWN)
            : stencil.firstId().stream().boxed().findFirst();
    Identity identity = new Identity(stencil.id(), base);
    return engine.runtime.plan(new Assembly(engine, spec, identity, unpacked).bundle());
  }

  /**
   * Pids of other containers, device nodes, labels and what fronts add are looked up at each
   * launch, and hardly two containers have the same volumes.
   */
  private boolean dependsOnNothingElse(ContainerSpec spec) {
    return !spec.isSystem() // its variables are made of its id
        && spec.mounts().stream().noneMatch(MountRequest.Volume.class::isInstance)
        && spec.devices().isEmpty()
        && spec.owners().isEmpty()
        && !engine.companions.amends(spec)
        && spec.security().labels().isEmpty()
        && Stream.of(spec.network(), spec.ipc(), spec.pid(), spec.uts(), spec.cgroupns())
            .noneMatch(NamespaceMode.Container.class::isInstance);
  }

  /** Who is in an archive or an image cannot change. */
  private static List<Users.Stamp> stamps(Assembly assembly) {
    return switch (assembly.spec().root()) {
      case RootSource.Archive _, RootSource.Image _ -> List.of();
      case RootSource.Host _, RootSource.Directory _, RootSource.Layers _ ->
          Users.stamps(assembly.layers());
    };
  }

  private static List<Boolean> directories(ContainerSpec spec) {
    return spec.mounts().stream()
        .map(mount -> mount instanceof MountRequest.Bind bind && Files.isDirectory(bind.source()))
        .toList();
  }

  /** A range that all have is the same in all plans. */
  private Stencil stencil(Identity identity) {
    OptionalLong first =
        engine.ranges.shared()
            ? OptionalLong.empty()
            : identity.idBase().map(OptionalLong::of).orElseGet(OptionalLong::empty);
    return new Stencil(identity.id(), first, Identity.ID_COUNT);
  }

  /** A container that nobody can name, because nobody knows the numbers. */
  private Stencil nobody(int digits) {
    OptionalLong first =
        digits == 0
            ? OptionalLong.empty()
            : OptionalLong.of((digits == 9 ? FEWER_DIGITS : MORE_DIGITS) + random.nextLong(SPREAD));
    return new Stencil(HexId.random(), first, Identity.ID_COUNT);
  }
}
