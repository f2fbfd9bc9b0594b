package io.kapsel.engine;

import io.kapsel.base.ByteSize;
import io.kapsel.base.HexId;
import io.kapsel.base.Names;
import io.kapsel.engine.MoveMessages.Offer;
import io.kapsel.engine.MoveMessages.OfferedVolume;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Platform;
import io.kapsel.runtime.Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Why a container cannot come to this engine. */
final class ArrivalChecks {
  /** What a file system needs besides, and whoever else writes to it meanwhile. */
  private static final long RESERVE = 64 << 20;

  /** A blob and what is unpacked from it. */
  private static final long UNPACKED = 4;

  private static final long ANY_IDS = 0x20000000L;

  private final Kapsel engine;
  private final Offer offer;
  private final ContainerSpec spec;
  private final List<String> all = new ArrayList<>();

  ArrivalChecks(Kapsel engine, Offer offer) {
    this.engine = engine;
    this.offer = offer;
    this.spec = offer.spec();
  }

  /** All of them; nothing when it can come. */
  List<String> refusals(List<String> missing) {
    if (Platform.host().serves(offer.platform()) == 0) {
      all.add(
          "it runs on %s, and the destination is %s".formatted(offer.platform(), Platform.host()));
    }
    name(spec.name().orElse(""));
    offer.volumes().forEach(this::volume);
    offer.snapshots().stream()
        .filter(each -> !Names.isValid(each.name()))
        .forEach(each -> all.add("'%s' is no name of a snapshot".formatted(each.name())));
    hostFiles();
    references();
    ids();
    room(missing);
    return all;
  }

  private void name(String name) {
    if (!Names.isValid(name)) {
      all.add("'%s' is no name of a container".formatted(name));
    } else if (engine.containers().stream().anyMatch(each -> each.name().equals(name))) {
      all.add(
          "the destination has a container '%s' already; use --name for another name"
              .formatted(name));
    }
  }

  private void volume(OfferedVolume volume) {
    if (!Names.isValid(volume.name())) {
      all.add("'%s' is no name of a volume".formatted(volume.name()));
    } else if (engine.volumes.list().stream().anyMatch(it -> it.name().equals(volume.name()))) {
      all.add("the destination has a volume '%s' already".formatted(volume.name()));
    }
  }

  private void hostFiles() {
    for (MountRequest mount : spec.mounts()) {
      if (mount instanceof MountRequest.Bind bind) {
        if (!offer.binds()) {
          all.add("it has directories of its host");
        } else if (!Files.exists(bind.source())) {
          all.add("the destination has no '%s'".formatted(bind.source()));
        }
      }
    }
    spec.devices().stream()
        .filter(device -> !Files.exists(device.host()))
        .forEach(device -> all.add("the destination has no '%s'".formatted(device.host())));
  }

  /** Networks, and other containers that it knows. */
  private void references() {
    try {
      ContainerSpec _ = engine.joining.resolved(spec);
    } catch (EngineException e) {
      all.add(e.getMessage() + "; --network OLD=NEW names another network there");
    }
  }

  private void ids() {
    try {
      engine.ranges.release(engine.ranges.take());
    } catch (EngineException e) {
      all.add(String.valueOf(e.getMessage()));
    }
  }

  private void room(List<String> missing) {
    long blobs =
        offer.image().stream()
            .flatMap(image -> image.blobs().stream())
            .filter(each -> missing.contains(each.digest()))
            .mapToLong(Descriptor::size)
            .sum();
    long needed = offer.bytes() + UNPACKED * blobs + RESERVE;
    Path state = engine.config.state();
    try {
      long free = Files.getFileStore(state).getUsableSpace();
      if (free < needed) {
        all.add(
            "it needs %s, and %s are free at the destination"
                .formatted(ByteSize.printDecimal(needed), ByteSize.printDecimal(free)));
      }
    } catch (IOException e) {
      all.add("the room in '%s' is not known: %s".formatted(state, e.getMessage()));
    }
  }

  /** Whether this host can run it, once all that it stands on is here. */
  static void plan(Kapsel engine, ContainerSpec spec, List<Path> layers) {
    ContainerSpec resolved = engine.joining.resolved(spec);
    Optional<Long> base =
        Optional.of(ANY_IDS)
            .filter(_ -> spec.userns() instanceof NamespaceMode.Own && !spec.privileged());
    Identity identity = new Identity(HexId.random(), base);
    Assembly assembly = new Assembly(engine, resolved, identity, Optional.of(layers));
    Bundle bundle = assembly.bundle();
    assembly.checkConfinement(bundle.spec());
    var _ = engine.runtime.plan(bundle);
  }
}
