package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountChanges;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.Owners;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.confine.LiveMounts;
import io.kapsel.linux.confine.LiveMounts.Change;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.Mounts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Mounts and unmounts in a container that runs. What it gets is made on the host, as at a start: a
 * detached copy with the container's owners, so that nothing inside can have a hand in it.
 */
final class LiveMounting {
  private final Kapsel engine;
  private final Container container;
  private final int pid;

  LiveMounting(Kapsel engine, Container container, int pid) {
    this.engine = engine;
    this.container = container;
    this.pid = pid;
  }

  /** Makes all changes, or none. */
  void change(ContainerSpec before, ContainerSpec wanted) {
    MountChanges changes = MountChanges.of(before, wanted);
    if (changes.isEmpty()) {
      return;
    }
    engine.volumes.mount(wanted);
    try (Trees trees = new Trees();
        Fd namespace = RootViews.namespace(pid);
        Fd users = Open.path("/proc/" + pid + "/ns/user", OpenFlags.READ)) {
      List<Change> all = new ArrayList<>();
      List<Change> back = new ArrayList<>();
      for (MountRequest each : changes.removed()) {
        all.add(new Change.Remove(each.target()));
        back.addFirst(new Change.Add(trees.of(each, users), each.target()));
      }
      for (MountRequest each : changes.added()) {
        all.add(new Change.Add(trees.of(each, users), each.target()));
        back.addFirst(new Change.Remove(each.target()));
      }
      make(namespace, all, back);
    } catch (SyscallException e) {
      throw failed(e);
    }
  }

  private void make(Fd namespace, List<Change> all, List<Change> back) {
    int owner = container.idBase().map(Long::intValue).orElse(0);
    LiveMounts.Outcome outcome = LiveMounts.change(namespace, owner, all);
    if (outcome.failure().isEmpty()) {
      return;
    }
    EngineException failure = failed(outcome.failure().getFirst());
    LiveMounts.change(namespace, owner, back.subList(all.size() - outcome.done(), all.size()))
        .failure()
        .forEach(failure::addSuppressed);
    throw failure;
  }

  private EngineException failed(SyscallException e) {
    return new EngineException.Failed(
        "update", container.name(), e.getMessage() + "; stop it, update it, and start it again", e);
  }

  /** Detached mounts that are closed when they are attached, or not needed. */
  private final class Trees implements AutoCloseable {
    private final List<Fd> open = new ArrayList<>();

    Fd of(MountRequest request, Fd users) {
      Fd tree = tree(request);
      open.add(tree);
      if (container.idBase().isPresent()) {
        map(request, tree, users);
      }
      Mounts.setAttributes(tree, Mounts.RECURSIVE, MountAttributes.privately(attributes(request)));
      return tree;
    }

    private void map(MountRequest request, Fd tree, Fd users) {
      Optional<Owners> owners = container.spec().owners();
      if (owners.isEmpty() || !(request instanceof MountRequest.Bind)) {
        OwnedTrees.mapIfPossible(tree, users);
        return;
      }
      try (Fd theirs = engine.ownedTrees.namespace(owners.get(), container.idBase().get())) {
        OwnedTrees.mapIfPossible(tree, theirs);
      }
    }

    @Override
    public void close() {
      open.forEach(Fd::close);
    }
  }

  private Fd tree(MountRequest request) {
    int flags = Mounts.CLONE | Mounts.RECURSIVE;
    return switch (request) {
      case MountRequest.Bind bind -> Mounts.openTree(bind.source().toString(), flags);
      case MountRequest.Volume volume -> {
        Path content = engine.volumes.contentOf(volume.name());
        yield volume
            .part()
            .map(way -> Mounts.openTreeBelow(content.toString(), way, flags))
            .orElseGet(() -> Mounts.openTree(content.toString(), flags));
      }
      case MountRequest.Tmpfs _ -> throw new AssertionError("needs a new start: " + request);
    };
  }

  private static long attributes(MountRequest request) {
    return switch (request) {
      case MountRequest.Bind bind -> VolumeOptions.attributes(bind.options());
      case MountRequest.Volume volume -> volume.readOnly() ? MountAttributes.READ_ONLY : 0;
      case MountRequest.Tmpfs _ -> 0;
    };
  }
}
