package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.network.HostLink;
import io.kapsel.oci.Device;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.Plugging;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;

/**
 * Disks and devices of a container, which come and go while it runs, and are there again when it is
 * started the next time.
 */
public final class Devices {
  private final Kapsel engine;
  private final Container container;
  private final Launching launching;

  Devices(Kapsel engine, Container container, Launching launching) {
    this.engine = engine;
    this.container = container;
    this.launching = launching;
  }

  /** One of them: what it is, where it is seen inside, and what of the host it is. */
  public record Entry(String type, String place, String source, String access) {}

  /** All of them, in the order in which they came. */
  public List<Entry> list() {
    ContainerSpec spec = container.spec();
    List<Entry> all = new ArrayList<>();
    for (MountRequest mount : spec.mounts()) {
      all.add(entry(mount));
    }
    for (DeviceRequest device : spec.devices()) {
      all.add(new Entry("device", device.container(), device.host().toString(), device.access()));
    }
    spec.networks().map(NetworkRequest::attachments).orElse(List.of()).stream()
        .map(each -> new Entry("network", each.network(), each.network(), ""))
        .forEach(all::add);
    Joining.links(spec).stream()
        .filter(each -> each.kind() != HostLink.Kind.JOINED)
        .map(each ->
            new Entry(
                "nic", each.inside(), each.parent(), each.kind().name().toLowerCase(Locale.ROOT)))
        .forEach(all::add);
    return all;
  }

  private static Entry entry(MountRequest mount) {
    return switch (mount) {
      case MountRequest.Bind it ->
          new Entry("disk", it.target(), it.source().toString(), String.join(",", it.options()));
      case MountRequest.Volume it ->
          new Entry("volume", it.target(), it.name(), it.readOnly() ? "ro" : "rw");
      case MountRequest.Tmpfs it -> new Entry("tmpfs", it.target(), "tmpfs", "rw");
    };
  }

  /** Gives it a directory or file of the host, or a volume; what the user should know of it. */
  public List<String> add(MountRequest mount) {
    if (mount instanceof MountRequest.Tmpfs) {
      throw invalid("add", mount.target(), "a tmpfs is made inside, or with the container");
    }
    if (mount instanceof MountRequest.Volume volume && volume.part().isPresent()) {
      throw invalid("add", mount.target(), "a part of a volume is given by 'update --mount-add'");
    }
    if (mount instanceof MountRequest.Bind bind
        && bind.layered()
        && container.status().phase() == ContainerStatus.Phase.RUNNING) {
      throw invalid("add", mount.target(), "a layer above a directory is made at a start");
    }
    checkFree(mount.target());
    List<String> notices = new ArrayList<>();
    change(
        "add",
        mount.target(),
        spec -> mounts(spec, all -> all.add(mount)),
        (plugging, bundle) -> {
          Mount there = mountAt(bundle, mount.target());
          boolean directory = Files.isDirectory(Path.of(there.source().orElseThrow()));
          notices.addAll(plugging.mount(there, directory));
        });
    return notices;
  }

  private static ContainerSpec mounts(ContainerSpec spec, Consumer<List<MountRequest>> change) {
    List<MountRequest> all = new ArrayList<>(spec.mounts());
    change.accept(all);
    return new ContainerSpecBuilder(spec).mounts(all).build();
  }

  private static ContainerSpec devices(ContainerSpec spec, Consumer<List<DeviceRequest>> change) {
    List<DeviceRequest> all = new ArrayList<>(spec.devices());
    change.accept(all);
    return new ContainerSpecBuilder(spec).devices(all).build();
  }

  private static Mount mountAt(Bundle bundle, String place) {
    return bundle.spec().mounts().stream()
        .filter(each -> each.destination().equals(place))
        .findFirst()
        .orElseThrow();
  }

  /** Gives it a device of the host, or those in a directory of it. */
  public void add(DeviceRequest device) {
    List<DeviceRequest> all = GivenDevices.each(device, container.name());
    all.forEach(each -> checkFree(each.container()));
    all.forEach(this::addOne);
  }

  private void addOne(DeviceRequest device) {
    String place = device.container();
    change(
        "add",
        place,
        spec -> devices(spec, all -> all.add(device)),
        (plugging, bundle) -> {
          requireHost(place);
          plugging.device(deviceAt(bundle, place));
        });
  }

  private void requireHost(String place) {
    if (!engine.facts().authority().isRoot()) {
      throw new EngineException.Refused(
          "add",
          place,
          "only root of the host lets a running container open another device; stop it first");
    }
  }

  private static Device deviceAt(Bundle bundle, String place) {
    return bundle.spec().linux().orElseThrow().devices().stream()
        .filter(each -> each.path().equals(place))
        .findFirst()
        .orElseThrow();
  }

  /** Gives it a link of the host, which comes back when it is removed or the container ends. */
  public void add(HostLink link) {
    checkFree(link.inside());
    links(
        "add",
        link,
        all -> all.add(link),
        pid -> engine.joining.give("add", container.record(), pid, List.of(link)));
  }

  private void links(
      String action, HostLink link, Consumer<List<HostLink>> change, IntConsumer running) {
    container.life().lock();
    try {
      container.checkThere(action + " a device of");
      ContainerSpec spec = container.spec();
      if (spec.network() instanceof NamespaceMode.Host
          || spec.network() instanceof NamespaceMode.Container) {
        throw invalid(action, link.parent(), "the container has no network of its own");
      }
      List<HostLink> all = new ArrayList<>(Joining.links(spec));
      change.accept(all);
      NetworkRequest request = spec.networks().orElseGet(NetworkRequest::in).with(all);
      ContainerSpec wanted = new ContainerSpecBuilder(spec).networks(request).build();
      Optional<ContainerProcess> process = container.process().filter(ContainerProcess::running);
      process.ifPresentOrElse(it -> running.accept(it.pid()), launching::forget);
      container.replace(container.record().specified(wanted));
      container.publish("update", Map.of());
    } finally {
      container.life().unlock();
    }
  }

  private void removeLink(String inside) {
    HostLink link =
        Joining.links(container.spec()).stream()
            .filter(each -> each.inside().equals(inside))
            .findFirst()
            .orElseThrow();
    links(
        "remove",
        link,
        all -> all.remove(link),
        pid -> engine.joining.takeBack(container.record(), pid, link));
  }

  /** Takes away what is seen at a place inside, or the network of that name. */
  public void remove(String place) {
    Entry entry =
        list().stream()
            .filter(each -> each.place().equals(place))
            .findFirst()
            .orElseThrow(() -> invalid("remove", place, "there is no such device"));
    switch (entry.type()) {
      case "network" -> container.disconnect(place);
      case "nic" -> removeLink(place);
      case "device" ->
          change(
              "remove",
              place,
              spec -> devices(spec, all -> all.removeIf(it -> it.container().equals(place))),
              (plugging, _) -> plugging.withoutDevice(place));
      default ->
          change(
              "remove",
              place,
              spec -> mounts(spec, all -> all.removeIf(it -> it.target().equals(place))),
              (plugging, _) -> plugging.unmount(place));
    }
  }

  /** At once where it runs, and written down when that has worked. */
  private void change(
      String action,
      String place,
      UnaryOperator<ContainerSpec> to,
      BiConsumer<Plugging, Bundle> running) {
    ContainerSpec before = container.spec();
    ContainerSpec wanted = engine.volumes.hold(to.apply(before));
    container.life().lock();
    try {
      container.checkThere(action + " a device of");
      if (!container.spec().equals(before)) {
        throw new EngineException.Conflict(
            action, place, "somebody else changes '" + container.name() + "'; try again");
      }
      Assembly assembly = launching.assembly(wanted);
      assembly.checkMounts();
      assembly.fillVolumes();
      Bundle bundle = assembly.bundle();
      Optional<ContainerProcess> process = container.process().filter(ContainerProcess::running);
      if (process.isPresent()) {
        engine.volumes.mount(wanted);
        running.accept(engine.runtime.plugging(process.get(), bundle), bundle);
      } else {
        launching.forget();
      }
      container.replace(container.record().specified(wanted));
      engine.volumes.unmount(before, engine::runsWithVolume);
      container.publish("update", Map.of());
    } catch (LaunchException e) {
      throw new EngineException.Failed(action, place, String.valueOf(e.getMessage()), e);
    } finally {
      container.life().unlock();
      engine.volumes.release(wanted);
    }
  }

  private void checkFree(String place) {
    if (list().stream().anyMatch(each -> each.place().equals(place))) {
      throw new EngineException.Conflict(
          "add", place, "'" + container.name() + "' has something there already; remove it first");
    }
    if (Plugging.hasAnyway(place)) {
      throw new EngineException.Conflict("add", place, "every container has it");
    }
  }

  private static EngineException invalid(String action, String place, String reason) {
    return new EngineException.Invalid(action, place, reason);
  }
}
