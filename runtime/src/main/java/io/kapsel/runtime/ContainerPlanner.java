package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Process;
import io.kapsel.runtime.RootFilesystem.Lower;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Role;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The second segment: the root file system, what is mounted into it, and the program. */
final class ContainerPlanner {
  private final Draft draft;
  private final Wanted wanted;
  private final Rooms rooms;
  private final Process process;

  ContainerPlanner(Draft draft, Wanted wanted, Rooms rooms) {
    this.draft = draft;
    this.wanted = wanted;
    this.rooms = rooms;
    this.process =
        wanted
            .bundle()
            .spec()
            .process()
            .orElseThrow(() ->
                new LaunchException(
                    LaunchException.Kind.REFUSED, "the configuration has no 'process'"));
  }

  void plan() {
    Steps monitor = draft.monitor;
    Steps init = draft.init;
    StdioPlanner stdio = new StdioPlanner(draft, wanted, rooms);
    IdentityPlanner identity = new IdentityPlanner(draft, wanted, process);
    List<Slot> passed = new ArrayList<>();
    passed.add(new RootPlanner(draft, wanted, rooms).plan());
    List<Bind> binds = binds();
    binds.forEach(bind -> passed.add(bind.tree()));
    identity.planMonitor(rooms.pid);
    List<Slot> streams = stdio.pipes();
    passed.addAll(streams);
    MountHookPlanner mountHooks = new MountHookPlanner(draft, wanted);
    passed.addAll(mountHooks.planMonitor());
    List<Slot> taken = draft.handOver(monitor, init, passed, "the root and what belongs in it");
    Slot root = taken.getFirst();
    int streamsAt = 1 + binds.size();
    int hooksAt = streamsAt + streams.size();
    mountHooks.attach(root, taken.subList(hooksAt, taken.size()));
    enterMounts(root, binds, taken.subList(1, streamsAt));
    mountHooks.pause(taken.subList(hooksAt, taken.size()));
    HookPlanner hooks = new HookPlanner(draft, wanted);
    hooks.prepareStart();
    stdio.connect(root, taken.subList(streamsAt, hooksAt));
    roles();
    names();
    AgentPlanner agent = new AgentPlanner(draft, wanted);
    agent.prepare();
    identity.answeredBy(agent);
    finishRoot(root);
    identity.beforeSealing(hooks::planStart);
    identity.outlive();
    identity.planInit(wanted.bundle().seccomp(), rooms.proc);
    if (wanted.bundle().init()) {
      init.act(Step.Op.REAPER).because("--init: reaps and passes signals on");
    }
    identity.execute();
  }

  /** A bind mount: a tree of the host, and the place for it. */
  record Bind(Mount mount, Slot tree, boolean directory) {}

  List<Bind> binds() {
    List<Bind> binds = new ArrayList<>();
    for (Mount mount : wanted.otherMounts()) {
      if (mount.isBind()) {
        binds.add(bind(mount));
      }
    }
    return binds;
  }

  private Bind bind(Mount mount) {
    String source = mount.source().orElseThrow();
    MountOptions options = MountOptions.of(mount);
    Optional<String> part = options.part();
    Optional<String> layer = options.layer();
    if (options.data().size() > part.stream().count() + layer.stream().count()) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "a bind mount at '%s' cannot have the option '%s'"
              .formatted(mount.destination(), options.data().getFirst()));
    }
    String why = "'" + source + "' is seen at '" + mount.destination() + "'";
    if (layer.isPresent()) {
      Lower lower = new Lower(Path.of(source), mount.uidMappings(), mount.gidMappings());
      RootPlanner layers = new RootPlanner(draft, wanted, rooms);
      return new Bind(mount, layers.overlay(List.of(lower), Path.of(layer.get()), false), true);
    }
    Slot tree = tree(source, part, options, why);
    if (wanted.shifted()) {
      Step mapping =
          draft
              .attributes(
                  draft.monitor,
                  tree,
                  Flag.ID_MAP,
                  owners(mount, why),
                  "{IDMAP}",
                  "the owners of '" + source + "' are shown in the container's ids")
              .tolerating(Errno.EINVAL, Errno.EPERM);
      if (!ProcView.shows(mount.destination())) { // which everybody may read, whoever owns it
        mapping.noticing();
      }
    }
    draft.attributes(draft.monitor, tree, options, why);
    return new Bind(mount, tree, isOfTheEngine(mount) || isDirectory(Path.of(source), part));
  }

  private Slot owners(Mount mount, String why) {
    return mount.uidMappings().isEmpty()
        ? rooms.userNamespace
        : draft.owners(mount.uidMappings(), mount.gidMappings(), why);
  }

  private Slot tree(String source, Optional<String> part, MountOptions options, String why) {
    return part.map(way -> draft.input(Input.Kind.TREE_BELOW, source + "\n" + way, "tree", why))
        .orElseGet(() ->
            draft.input(
                options.recursive() ? Input.Kind.TREE_RECURSIVE : Input.Kind.TREE,
                source,
                "tree",
                why));
  }

  private static boolean isDirectory(Path source, Optional<String> part) {
    return part.map(way -> RootLook.isDirectoryBelow(source, way))
        .orElseGet(() -> Files.isDirectory(source));
  }

  /** The directory of a system container that the engine makes when it is started. */
  private boolean isOfTheEngine(Mount mount) {
    return wanted.bundle().system() && mount.destination().equals("/run/host");
  }

  private void enterMounts(Slot root, List<Bind> binds, List<Slot> trees) {
    Steps init = draft.init;
    place(root, rooms.proc, "/proc");
    place(root, rooms.sys, "/sys");
    place(root, rooms.dev, "/dev");
    int next = 0;
    for (Mount mount : wanted.otherMounts()) {
      if (mount.isBind()) {
        place(root, binds.get(next), trees.get(next));
        next++;
      } else {
        own(root, mount);
      }
    }
    new MaskPlanner(draft, wanted, rooms).planOthers(init, root);
    Slot cwd =
        draft.inRoot(
            init, root, process.cwd(), Flag.MAKE_DIRECTORY, 0755, "cwd", "the working directory");
    draft.close(init, cwd);
  }

  /** A directory of the root's own: where the image has a link, nothing is followed. */
  private void place(Slot root, Slot mount, String path) {
    if (!mount.isThere()) {
      return;
    }
    String why = "its own " + path;
    Slot target = draft.inRoot(draft.init, root, path, Flag.OWN_DIRECTORY, 0755, "target", why);
    draft.attach(draft.init, mount, target, why);
    draft.close(draft.init, target);
  }

  private void place(Slot root, Bind bind, Slot tree) {
    Mount mount = bind.mount();
    String why = "'" + mount.source().orElse("") + "' is seen at '" + mount.destination() + "'";
    Slot target =
        draft.inRoot(
            draft.init,
            root,
            mount.destination(),
            bind.directory() ? Flag.MAKE_DIRECTORY : Flag.MAKE_FILE,
            0755,
            "target",
            why);
    draft.attach(draft.init, tree, target, why);
    draft.close(draft.init, target);
    draft.close(draft.init, tree);
  }

  private void own(Slot root, Mount mount) {
    String type = mount.type().orElse("none");
    String why = type + " at '" + mount.destination() + "'";
    MountOptions options = MountOptions.of(mount);
    String[] data = options.data().toArray(String[]::new);
    Slot made = draft.filesystem(draft.init, type, "mount", options.change().set(), why, data);
    Slot target =
        draft.inRoot(
            draft.init, root, mount.destination(), Flag.MAKE_DIRECTORY, 0755, "target", why);
    draft.attach(draft.init, made, target, why);
    draft.close(draft.init, target);
    draft.close(draft.init, made);
  }

  void roles() {
    Bundle bundle = wanted.bundle();
    Steps monitor = draft.monitor;
    if (bundle.stdio().guest().isPresent()) {
      GuestPlanner.roles(monitor, bundle.stdio().guest().get());
      return;
    }
    Path log = bundle.logDirectory();
    monitor.role(
        Role.LISTENER,
        Value.of(
            draft.input(
                Input.Kind.LISTENER,
                bundle.runDirectory().resolve("control.sock").toString(),
                "listener",
                "an engine that is started later finds the container again")));
    if (isKept()) {
      monitor.role(
          Role.EXIT_RECORD,
          Value.of(
              draft.input(
                  Input.Kind.WRITE,
                  bundle.runDirectory().resolve("exit").toString(),
                  "exit_record",
                  "the exit status is kept without an engine")));
    }
    monitor.role(
        Role.LOG_DIRECTORY,
        Value.of(
            draft.input(
                Input.Kind.DIRECTORY, log.toString(), "log_directory", "the output is kept")));
    monitor.role(Role.LOG_LIMIT, Value.of(bundle.logLimitBytes()));
    monitor.role(Role.FLAGS, Value.of(bundle.stdio().stdinOnce() ? 1 : 0));
  }

  /** Nobody asks how a container ended that goes away with its end, unless he waits for that. */
  private boolean isKept() {
    return !(wanted.bundle().root() instanceof RootFilesystem.Overlay(_, _, boolean ephemeral)
        && ephemeral);
  }

  void names() {
    wanted
        .bundle()
        .spec()
        .hostname()
        .ifPresent(name -> name(Syscall.SETHOSTNAME, name, "its host name"));
    wanted
        .bundle()
        .spec()
        .domainname()
        .ifPresent(name -> name(Syscall.SETDOMAINNAME, name, "its domain name"));
  }

  private void name(Syscall call, String name, String why) {
    int length = name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
    draft.init.call(call, Value.text(name), Value.of(length)).because(why);
  }

  void finishRoot(Slot root) {
    Steps init = draft.init;
    if (wanted.bundle().spec().root().filter(each -> each.readonly()).isPresent()) {
      Blob attributes = Blob.words("{MOUNT_ATTR_RDONLY}", 1, 0, 0, 0);
      init.call(
              Syscall.MOUNT_SETATTR,
              Value.of(root),
              Value.text(""),
              Flag.EMPTY_PATH,
              Value.at(attributes),
              Value.of(32))
          .because("a read-only root");
    }
    String why = "the root becomes the root; the launcher's own tree is gone";
    init.call(Syscall.FCHDIR, Value.of(root)).because(why);
    init.call(Syscall.PIVOT_ROOT, Value.text("."), Value.text(".")).because(why);
    int covers = HookPlanner.seeMounts(wanted) ? 2 : 1; // the host's files lie upon the old root
    for (int i = 0; i < covers; i++) {
      init.call(Syscall.UMOUNT2, Value.text("."), Value.named("MNT_DETACH", 2)).because(why);
    }
    init.call(Syscall.CHDIR, Value.text("/")).because(why);
    if (wanted.bundle().system()) {
      shareMounts(root);
    }
    wanted
        .linux()
        .rootfsPropagation()
        .map(MountOptions.Propagation::of)
        .filter(MountOptions.Propagation::shares)
        .ifPresent(this::share);
  }

  /** An init in a container leaves that to whoever made the container; its services rely on it. */
  private void shareMounts(Slot root) {
    draft
        .init
        .call(
            Syscall.MOUNT_SETATTR,
            Value.of(root),
            Value.text(""),
            Flag.THIS_AND_BELOW,
            Value.at(Blob.words("{MS_SHARED}", 0, 0, 1 << 20, 0)),
            Value.of(32))
        .because("mounts made later reach the namespaces of services");
  }

  private void share(MountOptions.Propagation propagation) {
    Blob attributes =
        Blob.words("{" + propagation.kind().shown() + "}", 0, 0, propagation.kind().value(), 0);
    draft
        .init
        .call(
            Syscall.MOUNT_SETATTR,
            Flag.CWD,
            Value.text("/"),
            propagation.recursive() ? Flag.RECURSIVE : Flag.ZERO,
            Value.at(attributes),
            Value.of(32))
        .because("linux.rootfsPropagation");
  }
}
