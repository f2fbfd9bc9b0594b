package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.DeviceRuleRequest;
import io.kapsel.engine.spec.Interception;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.system.SystemProfile;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.lsm.SecurityModuleException;
import io.kapsel.linux.lsm.SelinuxLabel;
import io.kapsel.oci.Capabilities;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Root;
import io.kapsel.oci.Spec;
import io.kapsel.oci.User;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** Turns what a caller said into an OCI configuration. */
final class SpecCompiler {
  private static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");
  private static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private final ContainerSpec spec;
  private final HostFacts facts;
  private final Identity identity;
  private final Users users;
  private final ToIntFunction<String> pidOf;
  private final Optional<String> usersOf;
  private final String reference;
  private final GivenDevices devices;

  /**
   * For one container.
   *
   * @param pidOf the pid of a running container whose namespaces are shared, by name or id
   * @param usersOf the container whose user namespace is shared
   */
  public SpecCompiler(
      ContainerSpec spec,
      HostFacts facts,
      Identity identity,
      Users users,
      ToIntFunction<String> pidOf,
      Optional<String> usersOf) {
    this.spec = spec;
    this.facts = facts;
    this.identity = identity;
    this.users = users;
    this.pidOf = pidOf;
    this.usersOf = usersOf;
    this.reference = identity.reference(spec);
    this.devices = new GivenDevices(spec, facts, identity.idBase().isPresent(), reference);
  }

  /**
   * The configuration.
   *
   * @param files the directory with hosts, hostname and resolv.conf
   * @param volumes where volumes are kept
   */
  public Spec compile(Path files, Path volumes) {
    try {
      return configuration(files, volumes);
    } catch (Refusals.CompileException e) {
      String reason = String.valueOf(e.getMessage());
      throw e.refused()
          ? new EngineException.Refused("create", reference, reason)
          : new EngineException.Invalid("create", reference, reason);
    }
  }

  private Spec configuration(Path files, Path volumes) {
    String hostname = identity.hostname(spec);
    return new Spec(
        Spec.VERSION,
        Optional.of(process(hostname)),
        Optional.of(new Root("rootfs", spec.readOnly())),
        own(spec.uts()) ? Optional.of(hostname) : Optional.empty(),
        own(spec.uts()) ? spec.domainname() : Optional.empty(),
        Mounting.compile(spec, files, volumes, identity.idBase().orElse(0L)),
        Optional.empty(),
        annotations(),
        Optional.of(linux()));
  }

  private Map<String, String> annotations() {
    Map<String, String> all = new LinkedHashMap<>(spec.labels());
    all.putAll(spec.annotations());
    return all;
  }

  private Process process(String hostname) {
    if (spec.arguments().isEmpty() || spec.arguments().getFirst().isEmpty()) {
      throw new EngineException.Invalid("create", reference, "no command specified");
    }
    spec.oomScoreAdj()
        .filter(score -> score < 0 && !facts.raisesLimits())
        .ifPresent(score -> {
          throw Refusals.refused("an OOM score adjustment of %s needs CAP_SYS_RESOURCE", score);
        });
    Users.Account account = users.find(spec.user(), spec.groups());
    CapabilitySet bounding = capabilities();
    List<String> held = account.uid() == 0 ? bounding.labels() : List.of();
    return new Process(
        spec.stdio().terminal(),
        Optional.empty(),
        new User(
            account.uid(), account.gid(), Optional.empty(), account.groups(), Optional.empty()),
        spec.arguments(),
        environment(account, hostname),
        spec.workingDirectory().orElse("/"),
        Optional.of(new Capabilities(bounding.labels(), held, List.of(), held, List.of())),
        Limiting.rlimits(spec, facts),
        spec.security().noNewPrivileges(),
        apparmor(),
        spec.oomScoreAdj(),
        Optional.empty(),
        selinux(),
        Optional.empty(),
        Optional.empty());
  }

  private CapabilitySet capabilities() {
    try {
      CapabilitySet wanted =
          spec.privileged() ? CapabilitySet.ALL : base().adjusted(spec.capAdd(), spec.capDrop());
      CapabilitySet known = wanted.upTo(facts.lastCapability());
      return identity.idBase().isPresent() ? known : known.and(facts.bounding());
    } catch (IllegalArgumentException e) {
      throw new EngineException.Invalid("create", reference, String.valueOf(e.getMessage()));
    }
  }

  private CapabilitySet base() {
    if (!spec.isSystem()) {
      return CapabilitySet.DEFAULT;
    }
    boolean users = identity.idBase().isPresent();
    return spec.security().nesting()
        ? SystemProfile.capabilitiesOfEngines(users)
        : SystemProfile.capabilities(users);
  }

  private Optional<String> apparmor() {
    Optional<String> asked = spec.security().apparmorProfile();
    if (asked.isPresent()) {
      return asked.filter(name -> !name.equals("unconfined")).map(this::profile);
    }
    return facts.loadsProfiles() && !spec.privileged() && !spec.isSystem()
        ? Optional.of("kapsel-default")
        : Optional.empty();
  }

  private String profile(String name) {
    if (!facts.appArmor()) {
      throw Refusals.refused(
          "the AppArmor profile '%s' was asked for, but this kernel has no AppArmor", name);
    }
    return name;
  }

  private Optional<String> selinux() {
    List<String> labels = spec.security().labels();
    if (labels.isEmpty() || labels.contains("disable")) {
      return Optional.empty();
    }
    if (!facts.seLinux()) {
      throw new EngineException.Refused(
          "create", reference, "SELinux is not enabled on this host, but a label was asked for");
    }
    try {
      int pair = Integer.parseInt(identity.id().substring(0, 7), 16) % SelinuxLabel.PAIRS;
      SelinuxLabel label = SelinuxLabel.process(pair);
      for (String option : labels) {
        label = label.with(option);
      }
      return Optional.of(label.toString());
    } catch (SecurityModuleException e) {
      throw new EngineException.Invalid("create", reference, String.valueOf(e.getMessage()));
    }
  }

  private List<String> environment(Users.Account account, String hostname) {
    if (spec.isSystem()) {
      List<String> all = new ArrayList<>(SystemProfile.environment(identity.id()));
      spec.stdio().ttys().map(each -> SystemProfile.ttys(each.count())).ifPresent(all::add);
      all.addAll(spec.env());
      return all;
    }
    Map<String, String> all = new LinkedHashMap<>();
    all.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    all.put("HOSTNAME", hostname);
    if (spec.stdio().terminal()) {
      all.put("TERM", "xterm");
    }
    all.put("HOME", account.home());
    for (String variable : spec.env()) {
      int equals = variable.indexOf('=');
      all.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    return all.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue()).toList();
  }

  private static boolean own(NamespaceMode mode) {
    return mode instanceof NamespaceMode.Own;
  }

  private Linux linux() {
    boolean open = spec.privileged() || spec.security().pathsOpen();
    List<IdMapping> ids =
        identity
            .idBase()
            .map(base ->
                List.of(
                    new IdMapping(0, base, Math.min(Identity.ID_COUNT, facts.authority().ids()))))
            .orElse(List.of());
    return new Linux(
        ids,
        ids,
        Sysctls.compile(spec),
        Optional.of(Limiting.compile(spec, facts, rules())),
        Optional.of("/kapsel/" + identity.id()),
        namespaces(),
        devices.nodes(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        open ? List.of() : MASKED,
        open ? List.of() : READ_ONLY,
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Optional.empty());
  }

  private List<Namespace> namespaces() {
    List<Namespace> all = new ArrayList<>();
    all.add(Namespace.own(Namespace.Type.MOUNT));
    add(all, Namespace.Type.NETWORK, spec.network(), "net");
    add(all, Namespace.Type.IPC, spec.ipc(), "ipc");
    add(all, Namespace.Type.PID, spec.pid(), "pid");
    add(all, Namespace.Type.UTS, spec.uts(), "uts");
    add(all, Namespace.Type.CGROUP, spec.cgroupns(), "cgroup");
    if (identity.idBase().isPresent()) {
      NamespaceMode users =
          usersOf.<NamespaceMode>map(NamespaceMode.Container::new).orElse(NamespaceMode.OWN);
      add(all, Namespace.Type.USER, users, "user");
    }
    return all;
  }

  private void add(List<Namespace> all, Namespace.Type type, NamespaceMode mode, String file) {
    switch (mode) {
      case NamespaceMode.Own() -> all.add(Namespace.own(type));
      case NamespaceMode.Host() -> {}
      case NamespaceMode.Container(String other) ->
          all.add(
              new Namespace(type, Optional.of("/proc/" + pidOf.applyAsInt(other) + "/ns/" + file)));
    }
  }

  private List<Resources.DeviceRule> rules() {
    List<Resources.DeviceRule> all = new ArrayList<>(devices.rules());
    for (DeviceRuleRequest each : spec.deviceRules()) {
      for (String type : each.types()) {
        all.add(
            new Resources.DeviceRule(
                !each.denied(),
                Optional.of(type),
                each.major(),
                each.minor(),
                Optional.of(each.access())));
      }
    }
    if (Interception.makesNodes(spec.security().intercept())) {
      // Its own console is a terminal; this number is the host's, which it can have a node of.
      all.add(
          new Resources.DeviceRule(
              false, Optional.of("c"), Optional.of(5L), Optional.of(1L), Optional.of("rw")));
    }
    return all;
  }
}
