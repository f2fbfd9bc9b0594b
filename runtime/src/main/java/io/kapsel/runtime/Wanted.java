package io.kapsel.runtime;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.linux.device.DeviceRule;
import io.kapsel.linux.host.Authority;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A bundle together with the host, asked the questions that planning has. */
record Wanted(Bundle bundle, HostFacts facts) {
  private static final Set<String> GENERIC =
      Set.of("/proc", "/sys", "/sys/fs/cgroup", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue");
  private static final Set<String> IPC_SYSCTLS =
      Set.of(
          "kernel.msgmax",
          "kernel.msgmnb",
          "kernel.msgmni",
          "kernel.sem",
          "kernel.shmall",
          "kernel.shmmax",
          "kernel.shmmni",
          "kernel.shm_rmid_forced");

  private static final Map<Namespace.Type, String> FILES =
      Map.of(Namespace.Type.NETWORK, "net", Namespace.Type.IPC, "ipc", Namespace.Type.UTS, "uts");

  Linux linux() {
    return bundle
        .spec()
        .linux()
        .orElseThrow(() ->
            new LaunchException(LaunchException.Kind.REFUSED, "the configuration has no 'linux'"));
  }

  /** Whether the container has a namespace of that kind for itself. */
  boolean own(Namespace.Type type) {
    return linux().namespace(type).filter(each -> each.path().isEmpty()).isPresent();
  }

  /** Whether it runs in a user namespace, its own or another's. */
  boolean inUserNamespace() {
    return linux().namespace(Namespace.Type.USER).isPresent();
  }

  /** Whether its groups can be set: where one's own single group is all there is, they cannot. */
  boolean setsGroups() {
    return switch (facts.authority().kind()) {
      case ROOT -> true;
      case NAMESPACE_ROOT, ENTERED -> facts.authority().setsGroups();
      case USER -> !UserIds.isOwn(linux().gidMappings(), facts.authority().gid());
    };
  }

  /** Whether the launcher was started by a user who became root of a namespace only afterwards. */
  boolean startedOutside() {
    return facts.authority().kind() == Authority.Kind.ENTERED;
  }

  Process process() {
    return bundle
        .spec()
        .process()
        .orElseThrow(() ->
            new LaunchException(
                LaunchException.Kind.REFUSED, "the configuration has no 'process'"));
  }

  /** Where relative paths of the configuration start. */
  Path bundleDirectory() {
    return bundle.asWritten().map(AsWritten::directory).orElse(Path.of("/"));
  }

  /** Whether ids are mapped, and the configuration says how. */
  boolean mapped() {
    return own(Namespace.Type.USER)
        || (joinsUsers() && bundle.asWritten().isEmpty() && !linux().uidMappings().isEmpty());
  }

  /** Whether its ids are others than those that the engine has for the same users. */
  boolean shifted() {
    return mapped()
        && linux().uidMappings().stream().anyMatch(each -> each.containerId() != each.hostId());
  }

  /**
   * Whether processes of the host are seen, as opposed to its own or those of another container.
   */
  boolean seesHostProcesses() {
    return linux().namespace(Namespace.Type.PID).isEmpty();
  }

  /** A file in /proc of the container whose ipc namespace is shared, such as {@code ns/mnt}. */
  Optional<String> ipcOwner(String file) {
    return linux()
        .namespace(Namespace.Type.IPC)
        .flatMap(Namespace::path)
        .filter(path -> path.matches("/proc/\\d+/ns/ipc"))
        .map(path -> path.substring(0, path.length() - "ns/ipc".length()) + file);
  }

  /** Whether the user namespace is another's. */
  boolean joinsUsers() {
    return linux()
        .namespace(Namespace.Type.USER)
        .filter(each -> each.path().isPresent())
        .isPresent();
  }

  CgroupPlace cgroupPlace() {
    return bundle
        .asWritten()
        .map(AsWritten::cgroup)
        .orElseGet(() -> CgroupPlace.ours(facts.cgroups(), bundle.id()));
  }

  /** By its exact name, as the specification writes it. */
  static boolean isCapability(String name) {
    return Capability.of(name).filter(each -> each.label().equals(name)).isPresent();
  }

  /** A set by its names; what a caller of a runtime names and nobody knows is left out. */
  CapabilitySet capabilities(List<String> names) {
    return CapabilitySet.named(
        bundle.asWritten().isPresent()
            ? names.stream().filter(Wanted::isCapability).toList()
            : names);
  }

  static Value.Constant flag(Namespace.Type type) {
    return switch (type) {
      case PID -> Flag.NEW_PID;
      case NETWORK -> Flag.NEW_NETWORK;
      case MOUNT -> Flag.NEW_MOUNT;
      case IPC -> Flag.NEW_IPC;
      case UTS -> Flag.NEW_UTS;
      case USER -> Flag.NEW_USER;
      case CGROUP -> Flag.NEW_CGROUP;
      case TIME -> Flag.NEW_TIME;
    };
  }

  long hostUid(long uid) {
    return hostId(linux().uidMappings(), uid);
  }

  long hostGid(long gid) {
    return hostId(linux().gidMappings(), gid);
  }

  private long hostId(List<IdMapping> mappings, long id) {
    if (!mapped()) {
      return id;
    }
    for (IdMapping mapping : mappings) {
      if (id >= mapping.containerId() && id - mapping.containerId() < mapping.size()) {
        return mapping.hostId() + id - mapping.containerId();
      }
    }
    throw new LaunchException(
        LaunchException.Kind.REFUSED, "id " + id + " is outside the container's range of ids");
  }

  String uidMap() {
    return lines(linux().uidMappings());
  }

  String gidMap() {
    return lines(linux().gidMappings());
  }

  static String lines(List<IdMapping> mappings) {
    return mappings.stream()
        .map(each -> each.containerId() + " " + each.hostId() + " " + each.size() + "\n")
        .collect(Collectors.joining());
  }

  /** The mount of a file system at one of the usual places. */
  Optional<Mount> mount(String type, String destination) {
    return bundle.spec().mounts().stream()
        .filter(each -> each.destination().equals(destination))
        .filter(each -> each.type().filter(type::equals).isPresent())
        .findFirst();
  }

  boolean has(String type, String destination) {
    return mount(type, destination).isPresent();
  }

  boolean readOnly(String destination) {
    return bundle.spec().mounts().stream()
        .anyMatch(each -> each.destination().equals(destination) && each.options().contains("ro"));
  }

  /** All that are not made for every container alike. */
  List<Mount> otherMounts() {
    return bundle.spec().mounts().stream()
        .filter(each -> each.isBind() || !GENERIC.contains(each.destination()))
        .toList();
  }

  /** Those that a namespace of the container owns; others are refused. */
  Map<String, String> sysctls() {
    Map<String, String> all = new TreeMap<>();
    linux().sysctl().forEach((name, value) -> all.put(name.replace('/', '.'), value));
    for (String name : all.keySet()) {
      boolean network = name.startsWith("net.") && isolated(Namespace.Type.NETWORK);
      boolean ipc =
          (IPC_SYSCTLS.contains(name) || name.startsWith("fs.mqueue."))
              && isolated(Namespace.Type.IPC);
      boolean uts = name.equals("kernel.domainname") && isolated(Namespace.Type.UTS);
      if ((!network && !ipc && !uts) || name.contains("..")) {
        throw new LaunchException(
            LaunchException.Kind.REFUSED,
            "sysctl '"
                + name
                + "' is not in a namespace of the container; it would change the host's");
      }
    }
    return all;
  }

  /** Whether its namespace of that kind is not the host's; a caller may name the host's by path. */
  private boolean isolated(Namespace.Type type) {
    return own(type)
        || (bundle.asWritten().isPresent()
            && linux()
                .namespace(type)
                .flatMap(Namespace::path)
                .filter(path -> !RootLook.same(path, "/proc/self/ns/" + FILES.get(type)))
                .isPresent());
  }

  List<CgroupWrite> limits() {
    if (bundle.asWritten().isPresent()) {
      return linux()
          .resources()
          .map(each -> WrittenLimits.of(each, facts.cgroups()))
          .orElse(List.of());
    }
    return linux()
        .resources()
        .map(each -> Limits.of(each, facts.cpus()).writes(facts.cgroups()))
        .orElse(List.of());
  }

  /** The usual devices, and what the configuration says of others; a node alone allows nothing. */
  List<DeviceRule> deviceRules() {
    if (bundle.asWritten().isPresent()) {
      return rulesAsWritten();
    }
    List<DeviceRule> rules = new ArrayList<>(DeviceRule.defaults());
    linux().resources().map(Resources::devices).orElse(List.of()).stream()
        .filter(each -> each.type().isPresent() && !each.type().get().equals("a"))
        .map(Wanted::rule)
        .forEach(rules::add);
    return rules;
  }

  /** Nothing, then what the configuration says, then what no program can do without. */
  private List<DeviceRule> rulesAsWritten() {
    List<DeviceRule> rules = new ArrayList<>();
    rules.add(DeviceRule.defaults().getFirst());
    linux().resources().map(Resources::devices).orElse(List.of()).stream()
        .map(Wanted::rule)
        .forEach(rules::add);
    rules.addAll(DeviceRule.defaults().subList(1, DeviceRule.defaults().size()));
    return rules;
  }

  private static DeviceRule rule(Resources.DeviceRule each) {
    return DeviceRule.of(
        each.allow(),
        each.type().orElse("a").replace('u', 'c').replace('p', 'c').charAt(0),
        (int) (long) each.major().orElse(-1L),
        (int) (long) each.minor().orElse(-1L),
        each.access().filter(text -> !text.isEmpty() && !text.contains("a")).orElse("rwm"));
  }
}
