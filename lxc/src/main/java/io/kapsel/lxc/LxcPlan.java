package io.kapsel.lxc;

import io.kapsel.base.ByteSize;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.Owners;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.engine.spec.SecurityRequest;
import io.kapsel.engine.spec.Stdio;
import io.kapsel.engine.spec.Ulimit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns a configuration of LXC into what is said to the engine. What would mean something else here
 * is refused with its line, and nothing is left out in silence.
 */
final class LxcPlan {
  /** Where the container is defined. */
  static final String PATH_LABEL = "io.kapsel.lxc.path";

  private static final String SHARE = "lxc.namespace.share.";
  private static final String INIT = "/sbin/init";

  /** What the engine has in any case, or always does like that. */
  private static final Set<String> OURS =
      Set.of(
          "lxc.apparmor.allow_incomplete",
          "lxc.apparmor.allow_nesting",
          "lxc.autodev.tmpfs.size",
          "lxc.cgroup.relative",
          "lxc.console.buffer.size",
          "lxc.environment.hooks",
          "lxc.keyring.session",
          "lxc.ephemeral",
          "lxc.execute.cmd",
          "lxc.group",
          "lxc.hook.version",
          "lxc.log.file",
          "lxc.log.level",
          "lxc.log.syslog",
          "lxc.monitor.signal.pdeath",
          "lxc.monitor.unshare",
          "lxc.pty.max",
          "lxc.rootfs.managed",
          "lxc.rootfs.mount",
          "lxc.seccomp.allow_nesting",
          "lxc.signal.halt",
          "lxc.signal.reboot",
          "lxc.signal.stop",
          "lxc.start.auto",
          "lxc.start.delay",
          "lxc.start.order");

  private static final Set<String> USED =
      Set.of(
          "lxc.apparmor.profile",
          "lxc.arch",
          "lxc.autodev",
          "lxc.cap.drop",
          "lxc.cap.keep",
          "lxc.console.logfile",
          "lxc.console.path",
          "lxc.console.rotate",
          "lxc.console.size",
          "lxc.environment",
          "lxc.environment.runtime",
          "lxc.hook.autodev",
          "lxc.hook.clone",
          "lxc.hook.destroy",
          "lxc.hook.mount",
          "lxc.hook.post-stop",
          "lxc.hook.pre-start",
          "lxc.hook.start",
          "lxc.hook.start-host",
          "lxc.hook.stop",
          "lxc.idmap",
          "lxc.init.cmd",
          "lxc.init.cwd",
          "lxc.init.gid",
          "lxc.init.groups",
          "lxc.init.uid",
          "lxc.mount.auto",
          "lxc.mount.entry",
          "lxc.mount.fstab",
          "lxc.namespace.keep",
          "lxc.no_new_privs",
          "lxc.rootfs.options",
          "lxc.rootfs.path",
          "lxc.sched.core",
          "lxc.seccomp.profile",
          "lxc.selinux.context",
          "lxc.time.offset.boot",
          "lxc.time.offset.monotonic",
          "lxc.tty.dir",
          "lxc.tty.max",
          "lxc.uts.name");

  /** Why a key is refused. */
  private static final Map<String, String> REASONS =
      Map.of(
          "lxc.hook.pre-mount",
          "the root is made on the host, before there are mounts of the container's: lxc.hook.pre-start"
              + " runs in time, and on the host",
          "lxc.seccomp.notify.proxy",
          "the engine answers for system calls that ask, with 'launch --intercept'",
          "lxc.seccomp.notify.cookie",
          "the engine answers for system calls that ask, with 'launch --intercept'",
          "lxc.selinux.context.keyring",
          "the keyring has the label of the container");

  /**
   * None, as for other system containers. The last is that of LXC's nesting.conf, which says also
   * by its mounts that there are containers inside.
   */
  private static final Set<String> WITHOUT_PROFILE =
      Set.of("generated", "unchanged", "unconfined", "lxc-container-default-with-nesting");

  private final LxcConfig config;
  private final String name;
  private final Path place;

  private final Optional<Program> program;

  /**
   * What runs instead of a whole system.
   *
   * @param user USER[:GROUP]; absent: root
   * @param terminal whether it gets one
   * @param goes whether the container is gone when it has ended
   */
  record Program(List<String> words, Optional<String> user, boolean terminal, boolean goes) {}

  private LxcPlan(LxcConfig config, String name, Path place, Optional<Program> program) {
    this.config = config;
    this.name = name;
    this.place = place;
    this.program = program;
  }

  /**
   * What the container is to be.
   *
   * @param place the directory of containers in which it is defined
   */
  static ContainerSpec of(LxcConfig config, String name, Path place) {
    return of(config, name, place, Optional.empty());
  }

  /** The same for a program that runs instead of a whole system. */
  static ContainerSpec of(LxcConfig config, String name, Path place, Optional<Program> program) {
    try {
      return new LxcPlan(config, name, place, program).spec();
    } catch (IllegalArgumentException e) {
      String reason = String.valueOf(e.getMessage());
      throw config.entries().reversed().stream()
          .filter(each -> isCause(each, new LxcPlan(config.without(each), name, place, program)))
          .findFirst()
          .<LxcException>map(each -> each.wrong(reason))
          .orElseGet(
              () -> new LxcException("cannot use the configuration of '" + name + "': " + reason));
    }
  }

  /** Whether the rest makes sense without the entry. */
  private static boolean isCause(LxcConfig.Entry entry, LxcPlan without) {
    try {
      var _ = without.spec();
      return true;
    } catch (IllegalArgumentException _) {
      return false;
    } catch (LxcException _) {
      return !entry.key().equals("lxc.rootfs.path");
    }
  }

  private ContainerSpec spec() {
    config.entries().forEach(LxcPlan::checkUsed);
    ContainerSpecBuilder spec = new ContainerSpecBuilder(root()).name(name);
    spec.hostname(config.value("lxc.uts.name").orElse(name));
    owners(config).ifPresent(spec::owners);
    Map<String, String> labels = new HashMap<>(LxcConsoleFile.labels(config));
    labels.put(PATH_LABEL, place.toString());
    spec.labels(labels);
    program.ifPresentOrElse(it -> program(spec, it), () -> system(spec));
    config.value("lxc.init.cwd").ifPresent(spec::workingDirectory);
    config.value("lxc.signal.halt").ifPresent(spec::stopSignal);
    List<LxcConfig.Entry> variables = new ArrayList<>(config.all("lxc.environment"));
    variables.addAll(config.all("lxc.environment.runtime"));
    List<String> env = new ArrayList<>(variables.stream().map(LxcConfig.Entry::value).toList());
    program.ifPresent(_ -> env.addFirst("container=lxc"));
    spec.env(env);
    config.value("lxc.init.groups").map(it -> LxcFront.list(it)).ifPresent(spec::groups);
    capabilities(spec);
    LxcMounts mounts = new LxcMounts(config);
    spec.mounts(mounts.all());
    spec.devices(mounts.devices());
    spec.deviceRules(new LxcDevices(config).rules(!mounts.devices().isEmpty()));
    spec.security(mounts.nesting() ? security().nested() : security());
    spec.limits(limits());
    spec.ulimits(config.below("lxc.prlimit.").stream().map(LxcPlan::ulimit).toList());
    spec.sysctls(sysctls());
    config.value("lxc.proc.oom_score_adj").map(Integer::valueOf).ifPresent(spec::oomScoreAdj);
    new LxcNetworks(config).addTo(spec);
    namespaces(spec);
    return spec.build();
  }

  /** Namespaces of the host, or of another container. */
  private void namespaces(ContainerSpecBuilder spec) {
    for (LxcConfig.Entry each : config.all("lxc.namespace.keep")) {
      for (String word : words(each.value())) {
        namespace(spec, each, word, NamespaceMode.HOST);
      }
    }
    for (LxcConfig.Entry each : config.below(SHARE)) {
      if (each.value().matches("\\d+|/.*")) {
        throw each.wrong("a namespace is shared with a container that is named");
      }
      namespace(
          spec,
          each,
          each.key().substring(SHARE.length()),
          new NamespaceMode.Container(each.value()));
    }
  }

  private static void namespace(
      ContainerSpecBuilder spec, LxcConfig.Entry entry, String kind, NamespaceMode mode) {
    switch (kind) {
      case "net" -> spec.network(mode);
      case "ipc" -> spec.ipc(mode);
      default -> throw entry.wrong("a system has '" + kind + "' of its own in any case");
    }
  }

  private void system(ContainerSpecBuilder spec) {
    spec.command(words(config.value("lxc.init.cmd").orElse(INIT)));
    config
        .value("lxc.init.uid")
        .or(() -> config.value("lxc.init.gid").map(_ -> "0"))
        .map(uid -> uid + config.value("lxc.init.gid").map(gid -> ":" + gid).orElse(""))
        .ifPresent(spec::user);
    LxcTtys.of(config).ifPresent(ttys -> spec.stdio(Stdio.OUTPUT_ONLY.with(ttys)));
    spec.system();
  }

  private static void program(ContainerSpecBuilder spec, Program program) {
    spec.init(true);
    spec.command(program.words());
    spec.stdio(new Stdio(program.terminal(), true, true, 0, 0));
    spec.autoRemove(program.goes());
    program.user().ifPresent(spec::user);
  }

  private static void checkUsed(LxcConfig.Entry entry) {
    String key = entry.key();
    boolean known =
        OURS.contains(key)
            || USED.contains(key)
            || entry.value().isEmpty()
            || key.startsWith("lxc.cgroup")
            || key.startsWith("lxc.net")
            || key.startsWith("lxc.prlimit.")
            || key.startsWith(SHARE)
            || key.startsWith("lxc.sysctl.")
            || key.equals("lxc.proc.oom_score_adj");
    if (!known) {
      throw entry.wrong(
          REASONS.getOrDefault(key, "Kapsel cannot do that yet")
              + "; take the line out to go without it");
    }
    if (key.equals("lxc.keyring.session") && entry.value().equals("0")) {
      throw entry.wrong("a container always has a keyring of its own");
    }
    if (key.equals("lxc.console.path") && entry.value().startsWith("/dev/")) {
      throw entry.wrong(
          "the console is where 'lxc-console -t 0' shows it; a regular file or 'none' is possible");
    }
    if (key.equals("lxc.autodev") && entry.value().equals("0")) {
      throw entry.wrong("a container always has a /dev of its own");
    }
    if (key.equals("lxc.mount.auto")) {
      LxcAuto.check(entry);
    }
  }

  /** Its files belong to these ids; its own are what the engine gives it. */
  static Optional<Owners> owners(LxcConfig config) {
    List<LxcConfig.Entry> all = config.all("lxc.idmap");
    if (all.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Owners.parse(all.stream().map(LxcConfig.Entry::value).toList()));
    } catch (InvalidRequestException e) {
      throw all.getLast().wrong(String.valueOf(e.getMessage()));
    }
  }

  private RootSource root() {
    Optional<LxcConfig.Entry> said = config.last("lxc.rootfs.path");
    if (said.isEmpty() && program.isPresent()) {
      return RootSource.parse("host:", place); // as LXC does
    }
    LxcConfig.Entry path =
        said.orElseThrow(
            () -> new LxcException("cannot start '" + name + "': it has no lxc.rootfs.path"));
    config
        .last("lxc.rootfs.options")
        .filter(it -> !it.value().equals("rw"))
        .ifPresent(it -> {
          throw it.wrong("a system writes to its root; only 'rw' is possible");
        });
    RootSource root = LxcRoot.of(path);
    if (root instanceof RootSource.Layers && !config.all("lxc.idmap").isEmpty()) {
      throw path.wrong(
          "with lxc.idmap, LXC marks in attributes of users what is hidden below, which are not"
              + " read here; its 'lxc-copy -n NAME -N NEW' makes one directory of the layers");
    }
    return root;
  }

  static List<String> words(String text) {
    return List.of(text.strip().split("\\s+", -1));
  }

  private void capabilities(ContainerSpecBuilder spec) {
    List<String> kept = capabilities("lxc.cap.keep");
    if (!kept.isEmpty()) {
      config
          .last("lxc.cap.drop")
          .ifPresent(it -> {
            throw it.wrong("there is lxc.cap.keep, too: a container has one of them");
          });
      spec.capDrop(List.of("ALL"));
      spec.capAdd(kept.equals(List.of("NONE")) ? List.of() : kept);
    } else {
      spec.capDrop(capabilities("lxc.cap.drop"));
    }
  }

  private List<String> capabilities(String key) {
    List<String> all = new ArrayList<>();
    for (LxcConfig.Entry each : config.all(key)) {
      for (String word : words(each.value())) {
        all.add(word.toUpperCase(java.util.Locale.ROOT));
      }
    }
    return all.stream().distinct().toList();
  }

  private SecurityRequest security() {
    List<String> options = new ArrayList<>();
    config
        .last("lxc.apparmor.profile")
        .filter(it -> !WITHOUT_PROFILE.contains(it.value()))
        .ifPresent(it -> options.add("apparmor=" + it.value()));
    config.last("lxc.selinux.context").ifPresent(it -> options.add("label=type:" + type(it)));
    config
        .value("lxc.no_new_privs")
        .filter("1"::equals)
        .ifPresent(_ -> options.add("no-new-privileges"));
    config
        .last("lxc.seccomp.profile")
        .filter(it -> !it.value().endsWith("/common.seccomp")) // the engine's own is narrower
        .ifPresent(it -> options.add("seccomp=" + it.value()));
    return SecurityRequest.parse(options, this::seccomp);
  }

  private String seccomp(String file) {
    try {
      return LxcSeccomp.read(Path.of(file));
    } catch (LxcException e) {
      throw config.last("lxc.seccomp.profile").orElseThrow().wrong(String.valueOf(e.getMessage()));
    }
  }

  private static String type(LxcConfig.Entry context) {
    String[] parts = context.value().split(":", -1);
    if (parts.length < 3) {
      throw context.wrong("'" + context.value() + "' is not USER:ROLE:TYPE:LEVEL");
    }
    return parts[2];
  }

  private static Ulimit ulimit(LxcConfig.Entry entry) {
    String[] halves = entry.value().split(":", 2);
    String resource = entry.key().substring("lxc.prlimit.".length());
    return new Ulimit(resource, limit(halves[0]), limit(halves[halves.length - 1]));
  }

  private static long limit(String text) {
    return text.strip().equals("unlimited") ? -1 : Long.parseLong(text.strip());
  }

  private Map<String, String> sysctls() {
    Map<String, String> all = new HashMap<>();
    config
        .below("lxc.sysctl.")
        .forEach(each -> all.put(each.key().substring("lxc.sysctl.".length()), each.value()));
    return all;
  }

  private Optional<String> group(String legacy, String unified) {
    return config.value("lxc.cgroup2." + unified).or(() -> config.value("lxc.cgroup." + legacy));
  }

  private Limits limits() {
    LxcGroups.check(config);
    Optional<String> cpu = config.value("lxc.cgroup2.cpu.max").filter(it -> !it.startsWith("max"));
    return new Limits(
        group("memory.limit_in_bytes", "memory.max").flatMap(LxcPlan::bytes),
        swap(),
        group("memory.soft_limit_in_bytes", "memory.low").flatMap(LxcPlan::bytes),
        Optional.empty(),
        LxcGroups.shares(config),
        cpu.map(it -> words(it))
            .filter(it -> it.size() == 2)
            .map(it -> Long.valueOf(it.getLast()))
            .or(() -> config.value("lxc.cgroup.cpu.cfs_period_us").map(Long::valueOf)),
        cpu.map(it -> Long.valueOf(words(it).getFirst()))
            .or(() -> config.value("lxc.cgroup.cpu.cfs_quota_us").map(Long::valueOf)),
        group("cpuset.cpus", "cpuset.cpus"),
        group("cpuset.mems", "cpuset.mems"),
        group("pids.max", "pids.max").map(it -> it.equals("max") ? -1L : Long.parseLong(it)));
  }

  /** Version 2 counts swap alone. */
  private Optional<Long> swap() {
    Optional<Long> alone = config.value("lxc.cgroup2.memory.swap.max").flatMap(LxcPlan::bytes);
    Optional<Long> memory = config.value("lxc.cgroup2.memory.max").flatMap(LxcPlan::bytes);
    config
        .last("lxc.cgroup2.memory.swap.max")
        .filter(_ -> alone.isPresent() && memory.isEmpty())
        .ifPresent(it -> {
          throw it.wrong("swap is limited together with memory: lxc.cgroup2.memory.max is missing");
        });
    return alone
        .flatMap(it -> memory.map(more -> it + more))
        .or(() -> config.value("lxc.cgroup.memory.memsw.limit_in_bytes").flatMap(LxcPlan::bytes));
  }

  private static Optional<Long> bytes(String text) {
    return text.equals("max") || text.equals("-1")
        ? Optional.empty()
        : Optional.of(ByteSize.parse(text));
  }
}
