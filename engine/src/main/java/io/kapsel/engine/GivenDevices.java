package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Device;
import io.kapsel.oci.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Devices of the host that a container is given, as they are on the host now. */
final class GivenDevices {
  private static final int DEEPEST = 8;
  private static final long NOBODY = 65534;

  private final List<DeviceRequest> requests;
  private final HostFacts facts;
  private final boolean mapped;
  private final String reference;

  GivenDevices(ContainerSpec spec, HostFacts facts, boolean mapped, String reference) {
    this.requests = spec.devices();
    this.facts = facts;
    this.mapped = mapped;
    this.reference = reference;
  }

  /** What is to be made in its /dev. */
  List<Device> nodes() {
    return requests.stream().flatMap(this::each).map(this::node).toList();
  }

  /** What may be opened. */
  List<Resources.DeviceRule> rules() {
    return requests.stream().flatMap(this::each).map(this::rule).toList();
  }

  private Stream<DeviceRequest> each(DeviceRequest request) {
    return each(request, reference).stream();
  }

  /** For a directory, such as {@code /dev/snd}, the devices in it; for a device, itself. */
  static List<DeviceRequest> each(DeviceRequest request, String reference) {
    if (!request.container().startsWith("/dev/")) {
      throw invalid(reference, "a device is named below /dev, not '" + request.container() + "'");
    }
    if (!Files.isDirectory(request.host())) {
      return List.of(request);
    }
    try (Stream<Path> below = Files.walk(request.host(), DEEPEST)) {
      List<DeviceRequest> all =
          below.filter(GivenDevices::isDevice).sorted().map(at -> at(at, request)).toList();
      if (all.isEmpty()) {
        throw invalid(reference, "there is no device in '" + request.host() + "'");
      }
      return all;
    } catch (IOException | java.io.UncheckedIOException e) {
      throw invalid(reference, "cannot read directory '" + request.host() + "': " + e.getMessage());
    }
  }

  private static DeviceRequest at(Path host, DeviceRequest request) {
    String rest = request.host().relativize(host).toString();
    return new DeviceRequest(host, request.container() + "/" + rest, request.access());
  }

  /** A link in a directory of devices leads to one that has a name already. */
  private static boolean isDevice(Path path) {
    try (Fd fd = Open.path(path.toString(), OpenFlags.PATH | OpenFlags.NO_FOLLOW)) {
      return isDevice(Attributes.status(fd).type());
    }
  }

  private static boolean isDevice(FileType type) {
    return type == FileType.BLOCK_DEVICE || type == FileType.CHARACTER_DEVICE;
  }

  private Device node(DeviceRequest request) {
    FileStatus status = status(request);
    if (!facts.authority().isRoot() && !request.host().toString().equals(request.container())) {
      throw Refusals.refused(
          "'%s' can be given at its own path alone: this engine may make no device nodes, and shows"
              + " the one that is there",
          request.host());
    }
    return new Device(
        request.container(),
        type(status),
        status.device().major(),
        status.device().minor(),
        Optional.of(status.mode() & 0777),
        Optional.of(shown(status.uid())),
        Optional.of(shown(status.gid())));
  }

  private Resources.DeviceRule rule(DeviceRequest request) {
    FileStatus status = status(request);
    return new Resources.DeviceRule(
        true,
        Optional.of(type(status)),
        Optional.of((long) status.device().major()),
        Optional.of((long) status.device().minor()),
        Optional.of(request.access()));
  }

  private static String type(FileStatus status) {
    return status.type() == FileType.BLOCK_DEVICE ? "b" : "c";
  }

  /** An owner that has no id in the container is shown as the kernel shows such: as nobody. */
  private long shown(int id) {
    long owner = Integer.toUnsignedLong(id);
    return !mapped || owner < Identity.ID_COUNT ? owner : NOBODY;
  }

  private FileStatus status(DeviceRequest request) {
    try (Fd fd = Open.path(request.host().toString(), OpenFlags.PATH)) {
      FileStatus status = Attributes.status(fd);
      if (!isDevice(status.type())) {
        throw invalid(reference, "'" + request.host() + "' is not a device");
      }
      return status;
    } catch (SyscallException e) {
      throw invalid(reference, String.valueOf(e.getMessage()));
    }
  }

  private static EngineException invalid(String reference, String reason) {
    return new EngineException.Invalid("create", reference, reason);
  }
}
