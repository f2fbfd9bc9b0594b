package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.runtime.MountOptions.Propagation;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The root and the mounts of a configuration, in their order. What only the host may mount is made
 * by the monitor before it divides, so that the init half has it by inheritance.
 */
final class MountPlanner {
  private static final String DEV = "/dev";

  /** File systems whose files have no labels of their own. */
  private static final Set<String> LABELLED = Set.of("tmpfs", "devpts", "ramfs");

  private final Draft draft;
  private final Wanted wanted;
  private final Rooms rooms;
  private final DevicePlanner devices;
  private final Propagation base;
  private final List<Ready> all = new ArrayList<>();
  private final List<Ready> readOnlyLater = new ArrayList<>();
  private Slot root = Draft.NONE;

  MountPlanner(Draft draft, Wanted wanted, Rooms rooms) {
    this.draft = draft;
    this.wanted = wanted;
    this.rooms = rooms;
    this.devices = new DevicePlanner(draft, wanted, rooms);
    this.base = wanted.linux().rootfsPropagation().map(Propagation::of).orElse(Propagation.SLAVE);
  }

  private Path rootPath() {
    return ((RootFilesystem.Directory) wanted.bundle().root()).path();
  }

  /** Some name the place where the root is on the host. */
  private Mount inRoot(Mount mount) {
    Path place = Path.of(mount.destination()).normalize();
    return place.startsWith(rootPath()) && place.getNameCount() > rootPath().getNameCount()
        ? mount.withDestination("/" + rootPath().relativize(place))
        : mount;
  }

  /** A source inside the root is what earlier mounts have made of it. */
  private Optional<String> inside(Path source) {
    Path path = source.normalize();
    return path.startsWith(rootPath()) && path.getNameCount() > rootPath().getNameCount()
        ? Optional.of("/" + rootPath().relativize(path))
        : Optional.empty();
  }

  /**
   * A mount, and its tree when the monitor has made that already.
   *
   * @param file whether it goes onto a file
   * @param views the same for the hierarchies of control groups, by name
   */
  private record Ready(
      Mount mount, MountOptions options, Slot tree, boolean file, Map<String, Slot> views) {
    Ready(Mount mount, MountOptions options, Slot tree, boolean file) {
      this(mount, options, tree, file, Map.of());
    }

    String reason() {
      String what =
          options.bind() ? "'" + mount.source().orElse("") + "'" : mount.type().orElse("none");
      return what + " at '" + mount.destination() + "'";
    }
  }

  Slot root() {
    return root;
  }

  /** What is opened on the host, or mounted with the host's rights. */
  void planMonitor() {
    RootFilesystem.Directory directory = (RootFilesystem.Directory) wanted.bundle().root();
    String why = "the root file system";
    root = draft.input(Input.Kind.TREE_RECURSIVE, directory.path().toString(), "root", why);
    propagate(root, List.of(), why);
    if (base.shares()) { // a root that is shared cannot be entered
      propagate(draft.monitor, root, Propagation.ALONE, why);
    }
    if (HookPlanner.seeMounts(wanted)) {
      rooms.host =
          draft.input(Input.Kind.TREE_RECURSIVE, "/", "host", "hooks are programs of the host");
      propagate(draft.monitor, rooms.host, Propagation.SLAVE, "hooks do not mount on the host");
    }
    devices.planMonitor();
    for (Mount mount : wanted.bundle().spec().mounts()) {
      all.add(ready(borrowed(mount)));
    }
  }

  /**
   * A file system of the kernel that shows a namespace of the host can only be mounted by the
   * host's root; others are shown the one that is there.
   */
  private Mount borrowed(Mount mount) {
    if (wanted.facts().authority().isRoot() || mount.isBind()) {
      return mount;
    }
    return switch (mount.type().orElse("")) {
      case "proc" -> wanted.seesHostProcesses() ? mount.asBindOf("/proc") : mount;
      case "sysfs" -> wanted.own(Namespace.Type.NETWORK) ? mount : mount.asBindOf("/sys");
      case "mqueue" -> wanted.own(Namespace.Type.IPC) ? mount : mount.asBindOf("/dev/mqueue");
      case "cgroup" -> wanted.own(Namespace.Type.CGROUP) ? mount : mount.asBindOf("/sys/fs/cgroup");
      default -> mount;
    };
  }

  private Ready ready(Mount written) {
    Mount mount = inRoot(written);
    MountOptions options = MountOptions.of(mount);
    MountRules.check(mount, options);
    if (options.bind()) {
      return bind(mount, options);
    }
    if (showsControlGroups(mount)) {
      Map<String, Slot> views = CgroupViewPlanner.prepare(draft, wanted, mount, options);
      return new Ready(mount, options, Draft.NONE, false, views);
    }
    Ready made = new Ready(mount, options, Draft.NONE, false);
    String type = mount.type().orElse("");
    if (!HostFilesystem.isOfTheKernel(type, mount.source().orElse(""))) {
      return new Ready(mount, options, ofHostFiles(made), false);
    }
    if (options.copyUp() && type.equals("tmpfs")) {
      return new Ready(mount, options, copyUp(made), false);
    }
    return ofTheHost(mount) ? new Ready(mount, options, make(draft.monitor, made), false) : made;
  }

  private static boolean showsControlGroups(Mount mount) {
    return mount.type().filter("cgroup"::equals).isPresent();
  }

  /** A user namespace may only show namespaces that it owns itself. */
  private boolean ofTheHost(Mount mount) {
    if (!wanted.inUserNamespace()) {
      return false;
    }
    return switch (mount.type().orElse("")) {
      case "proc" -> wanted.linux().namespace(Namespace.Type.PID).isEmpty();
      case "sysfs" -> !wanted.own(Namespace.Type.NETWORK);
      case "mqueue" -> !wanted.own(Namespace.Type.IPC);
      default -> false;
    };
  }

  private Slot ofHostFiles(Ready ready) {
    Slot tree =
        draft.input(
            Input.Kind.FILESYSTEM,
            HostFilesystem.described(ready.mount().type().orElse(""), data(ready)),
            "mount",
            ready.reason());
    propagate(tree, ready.options().propagations(), ready.reason());
    change(draft.monitor, tree, ready.options().change(), true, ready.reason());
    return tree;
  }

  /** The copies are made on the host, before anything can be seen through a mount of the bundle. */
  private Slot copyUp(Ready ready) {
    RootFilesystem.Directory directory = (RootFilesystem.Directory) wanted.bundle().root();
    MountChange change = ready.options().change();
    if (change.sets(Flag.READ_ONLY)) {
      change = change.without(Flag.READ_ONLY);
      readOnlyLater.add(ready);
    }
    Slot tree =
        draft.input(
            Input.Kind.COPY,
            directory.path()
                + "\n"
                + ready.mount().destination()
                + "\n"
                + HostFilesystem.described("tmpfs", data(ready)),
            "copy",
            ready.reason());
    propagate(tree, ready.options().propagations(), ready.reason());
    change(draft.monitor, tree, change, true, ready.reason());
    return tree;
  }

  private List<String> data(Ready ready) {
    Mount mount = ready.mount();
    List<String> data = new ArrayList<>();
    mount.source().filter(text -> !text.isEmpty()).ifPresent(text -> data.add("source=" + text));
    data.addAll(ready.options().data());
    mode(mount, data).ifPresent(data::add);
    wanted
        .linux()
        .mountLabel()
        .filter(label -> !label.isEmpty() && LABELLED.contains(mount.type().orElse("")))
        .ifPresent(label -> data.add("context=" + label));
    return data;
  }

  private Ready bind(Mount mount, MountOptions options) {
    Path source = source(mount);
    if (!options.data().isEmpty()) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "the bind mount at '%s' cannot have options of a file system: '%s'"
              .formatted(mount.destination(), String.join(",", options.data())));
    }
    Input.Kind kind = options.recursive() ? Input.Kind.TREE_RECURSIVE : Input.Kind.TREE;
    Ready made = new Ready(mount, options, Draft.NONE, !RootLook.isDirectory(source));
    if (inside(source).isPresent()) {
      return new Ready(mount, options, Draft.NONE, made.file() && RootLook.isThere(source));
    }
    Slot tree = draft.input(kind, source.toString(), "tree", made.reason());
    shape(draft.monitor, tree, made);
    return new Ready(mount, options, tree, made.file());
  }

  private Path source(Mount mount) {
    return wanted.bundleDirectory().resolve(mount.source().orElse(""));
  }

  private void shape(Steps steps, Slot tree, Ready ready) {
    MountOptions options = ready.options();
    Mount mount = ready.mount();
    Path source = source(mount);
    propagate(steps, tree, options.propagations(), ready.reason());
    MountChange own = BindFlags.of(mount, options, source, wanted.inUserNamespace());
    change(steps, tree, own, false, ready.reason());
    change(steps, tree, options.below(), true, ready.reason());
  }

  /** In the init half, where the root is. */
  private Slot bindInside(Ready ready, String path) {
    String why = ready.reason();
    Slot place = draft.inRoot(draft.init, root, path, Flag.MUST_EXIST, 0, "source", why);
    Slot tree = draft.slots.take("tree");
    draft
        .init
        .call(
            Syscall.OPEN_TREE,
            Value.of(place),
            Value.text(""),
            ready.options().recursive() ? Flag.COPY_BELOW : Flag.COPY)
        .into(tree)
        .because(why);
    draft.close(draft.init, place);
    shape(draft.init, tree, ready);
    if (ready.options().idMap() != MountOptions.IdMap.NONE) {
      Slot theirs = draft.handOver(draft.init, draft.monitor, List.of(tree), why).getFirst();
      idMap(ready, theirs);
      draft.pass(draft.monitor, draft.init, List.of(), "its owners are shown as others");
    }
    return tree;
  }

  /**
   * First as everything of the host is seen by the container, then as the mount asks. What is
   * shared with a user namespace becomes a slave first, or the container's mounts would reach the
   * host.
   */
  private void propagate(Slot tree, List<Propagation> own, String why) {
    propagate(draft.monitor, tree, own, why);
  }

  private void propagate(Steps steps, Slot tree, List<Propagation> own, String why) {
    boolean isolated = wanted.inUserNamespace();
    if (!base.shares() || isolated) {
      propagate(steps, tree, base.shares() ? Propagation.SLAVE : base, why);
    }
    own.forEach(each -> propagate(steps, tree, each, why));
  }

  private void propagate(Steps steps, Slot tree, Propagation propagation, String why) {
    setAttributes(
        steps,
        tree,
        Blob.words("{" + propagation.kind().shown() + "}", 0, 0, propagation.kind().value(), 0),
        propagation.recursive(),
        why);
  }

  private void change(Steps steps, Slot tree, MountChange change, boolean below, String why) {
    if (!change.isNothing()) {
      Blob words =
          Blob.words("{" + change.shown() + "}", change.set().value(), change.clear(), 0, 0);
      setAttributes(steps, tree, words, below, why);
    }
  }

  private void setAttributes(Steps steps, Slot tree, Blob words, boolean below, String why) {
    steps
        .call(
            Syscall.MOUNT_SETATTR,
            Value.of(tree),
            Value.text(""),
            below ? Flag.THIS_AND_BELOW : Flag.EMPTY_PATH,
            Value.at(words),
            Value.of(32))
        .because(why);
  }

  /** Once the user namespace is there, mounts can show their files with its ids. */
  void planOwners() {
    for (Ready ready : all) {
      if (ready.options().idMap() != MountOptions.IdMap.NONE && ready.tree().isThere()) {
        idMap(ready, ready.tree());
      }
    }
  }

  private void idMap(Ready ready, Slot tree) {
    Slot users = rooms.userNamespace;
    if (!ready.mount().uidMappings().isEmpty()) {
      users =
          draft.owners(
              ready.mount().uidMappings(),
              ready.mount().gidMappings(),
              "the owners that are shown at '" + ready.mount().destination() + "'");
    } else if (!users.isThere()) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "mount at '%s' cannot be idmapped: it has no mappings, and the container has no user namespace"
              .formatted(ready.mount().destination()));
    }
    Blob attributes = Blob.words("{IDMAP}", Flag.ID_MAP, 0, 0, 0);
    draft.poke(draft.monitor, attributes, 24, users, 8);
    setAttributes(
        draft.monitor,
        tree,
        attributes,
        ready.options().idMap() == MountOptions.IdMap.BELOW,
        "its owners are shown as others");
  }

  /** In the init half: everything is put in its place. */
  void planInit() {
    Steps init = draft.init;
    attachRoot();
    devices.attach();
    for (Ready ready : all) {
      place(ready);
    }
    boolean bound =
        all.stream()
            .anyMatch(each -> each.options().bind() && each.mount().destination().equals(DEV));
    if (!bound) {
      devices.planInit(root);
    }
    if (wanted.bundle().stdio().terminal()) {
      devices.console(root);
    }
    MaskPlanner masks = new MaskPlanner(draft, wanted, rooms);
    masks.plan();
    masks.planOthers(init, root);
    readOnlyLater.forEach(this::makeReadOnly);
    Slot cwd =
        draft.inRoot(
            init,
            root,
            wanted.process().cwd(),
            Flag.MAKE_DIRECTORY,
            0755,
            "cwd",
            "the working directory");
    draft.close(init, cwd);
  }

  private void attachRoot() {
    String why = "the root, still beside the old one";
    if (rooms.host.isThere()) {
      Slot place = HookPlanner.rootPlace(draft, wanted, rooms);
      draft.attach(draft.init, root, place, why);
      draft.close(draft.init, place);
    } else {
      draft.attach(draft.init, root, Flag.CWD, "/newroot", why);
    }
  }

  private void place(Ready ready) {
    Mount mount = ready.mount();
    if (showsControlGroups(mount) && !ready.options().bind()) {
      CgroupViewPlanner.plan(draft, wanted, root, mount, ready.options(), ready.views());
      return;
    }
    Slot tree = ready.tree();
    if (!tree.isThere()) {
      tree =
          ready.options().bind()
              ? bindInside(ready, inside(source(mount)).orElseThrow())
              : make(draft.init, ready);
    }
    attach(tree, ready);
    if (mount.type().filter("devpts"::equals).isPresent()
        && mount.destination().equals("/dev/pts")) {
      rooms.pts = tree;
    } else {
      draft.close(draft.init, tree);
    }
  }

  private void attach(Slot tree, Ready ready) {
    String why = ready.reason();
    Slot target =
        draft.inRoot(draft.init, root, destination(ready), want(ready), 0755, "target", why);
    draft.attach(draft.init, tree, target, why);
    draft.close(draft.init, target);
  }

  private String destination(Ready ready) {
    String path = ready.mount().destination();
    return want(ready).equals(Flag.OWN_DIRECTORY)
        ? path
        : DanglingLinks.resolved(((RootFilesystem.Directory) wanted.bundle().root()).path(), path);
  }

  /** Where the kernel is shown, an image's link is not followed. */
  private static Value.Constant want(Ready ready) {
    if (ready.file()) {
      return Flag.MAKE_FILE;
    }
    boolean kernel =
        !ready.options().bind()
            && ready.mount().type().filter(MountRules::showsTheKernel).isPresent();
    return kernel ? Flag.OWN_DIRECTORY : Flag.MAKE_DIRECTORY;
  }

  /** Places for others may have to be made in it, so that it is read-only only in the end. */
  private Slot make(Steps steps, Ready ready) {
    Mount mount = ready.mount();
    String type = mount.type().orElse("");
    MountChange change = ready.options().change();
    if (type.equals("tmpfs") && change.sets(Flag.READ_ONLY)) {
      change = change.without(Flag.READ_ONLY);
      readOnlyLater.add(ready);
    }
    List<String> data = data(ready);
    Slot made = draft.slots.take(type);
    Slot tree =
        draft.filesystem(
            steps, type, made, change.set(), ready.reason(), data.toArray(String[]::new));
    ready
        .options()
        .propagations()
        .forEach(each ->
            setAttributes(
                steps,
                tree,
                Blob.words("{" + each.kind().shown() + "}", 0, 0, each.kind().value(), 0),
                each.recursive(),
                ready.reason()));
    return tree;
  }

  /** A tmpfs is as open as the directory that it covers. */
  private Optional<String> mode(Mount mount, List<String> data) {
    if (!mount.type().orElse("").equals("tmpfs")
        || data.stream().anyMatch(option -> option.startsWith("mode="))) {
      return Optional.empty();
    }
    RootFilesystem.Directory directory = (RootFilesystem.Directory) wanted.bundle().root();
    return RootLook.mode(directory.path(), mount.destination())
        .map(mode -> "mode=" + Integer.toOctalString(mode));
  }

  private void makeReadOnly(Ready ready) {
    String why = "read-only now that everything in it is in its place";
    Slot place =
        draft.inRoot(
            draft.init, root, ready.mount().destination(), Flag.MUST_EXIST, 0, "target", why);
    change(draft.init, place, new MountChange(Flag.READ_ONLY, 0), false, why);
    draft.close(draft.init, place);
  }
}
