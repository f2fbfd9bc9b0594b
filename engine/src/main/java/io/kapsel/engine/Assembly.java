package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.Interception;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.engine.spec.SecurityRequest.SeccompRequest;
import io.kapsel.engine.system.OwnFiles;
import io.kapsel.linux.Abi;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.lsm.AppArmorProfile;
import io.kapsel.linux.lsm.SecurityModuleException;
import io.kapsel.linux.seccomp.DefaultProfile;
import io.kapsel.linux.seccomp.SeccompProfile;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Process;
import io.kapsel.oci.Seccomp;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.ProcView;
import io.kapsel.runtime.RootFilesystem;
import io.kapsel.runtime.RootFilesystem.Lower;
import io.kapsel.runtime.Stdio;
import io.kapsel.runtime.Ttys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Puts together what the runtime needs for one container. */
final class Assembly {
  private static final Map<CapabilitySet, SeccompProfile> PROFILES = new ConcurrentHashMap<>();

  private final Kapsel engine;
  private final ContainerSpec spec;
  private final Identity identity;
  private final List<Path> layers;

  /**
   * For one container.
   *
   * @param unpacked the layers of an archive or an image, which were unpacked for it already
   */
  Assembly(Kapsel engine, ContainerSpec spec, Identity identity, Optional<List<Path>> unpacked) {
    this.engine = engine;
    this.spec = spec;
    this.identity = identity;
    this.layers = unpacked.orElseGet(() -> find(engine, spec));
  }

  ContainerSpec spec() {
    return spec;
  }

  List<Path> layers() {
    return layers;
  }

  private int pidOf(String reference) {
    Container other = engine.container(reference);
    return other
        .status()
        .pid()
        .orElseThrow(() ->
            new EngineException.Conflict("join the namespaces of", reference, "it is not running"));
  }

  /** The other may be another than it was, under the same name. */
  private Optional<String> usersOf() {
    Optional<Container> owner = engine.usersOf(spec);
    if (owner.filter(each -> !each.idBase().equals(identity.idBase())).isPresent()) {
      throw new EngineException.Conflict(
          "start",
          reference(),
          "made to share with another '%s' than there is now".formatted(owner.get().name()));
    }
    return owner.map(Container::id);
  }

  /** Where the files of a root are that is neither an archive nor an image. */
  static List<Path> find(Kapsel engine, ContainerSpec spec) {
    return switch (spec.root()) {
      case RootSource.Host() -> engine.hostRoot.layers();
      case RootSource.Directory(Path path) -> List.of(seen(engine, spec, path));
      case RootSource.Layers(List<Path> all) ->
          all.stream().map(path -> seen(engine, spec, path)).toList();
      case RootSource.Archive(Path path) -> List.of(engine.tarRoot.unpack(path));
      case RootSource.Image image -> engine.images.layers(engine.images.use(engine.find(image)));
    };
  }

  /** With the owners that its files are said to have. */
  private static Path seen(Kapsel engine, ContainerSpec spec, Path path) {
    return engine.ownedTrees.seen(directory(path), spec.owners());
  }

  private static Path directory(Path path) {
    String reference = "dir:" + path;
    if (!Files.exists(path)) {
      throw new EngineException.Invalid("use", reference, "no such file or directory (ENOENT)");
    }
    if (!Files.isDirectory(path)) {
      throw new EngineException.Invalid("use", reference, "not a directory (ENOTDIR)");
    }
    if (path.normalize().getNameCount() == 0) {
      throw new EngineException.Refused(
          "use", reference, "that is the host's own root; use host:, which hides what is private");
    }
    return path;
  }

  Bundle bundle() {
    Path state = engine.store.stateOf(identity.id());
    Spec configuration =
        new SpecCompiler(spec, engine.facts(), identity, Users.in(layers), this::pidOf, usersOf())
            .compile(state.resolve("files"), engine.volumes.directory());
    if (spec.isSystem() && ProcView.possible()) {
      configuration = withView(configuration);
    }
    RootFilesystem.Overlay root =
        new RootFilesystem.Overlay(
            lowers(), engine.store.layerOf(identity.id()), spec.autoRemove());
    configuration = engine.companions.amended(spec, root.place(), configuration);
    io.kapsel.engine.spec.Stdio stdio = spec.stdio();
    Bundle bundle =
        new Bundle(
            identity.id(),
            configuration,
            root,
            seccomp(configuration).map(this::intercepting),
            spec.init(),
            spec.privileged(),
            new Stdio(
                stdio.terminal(),
                stdio.openStdin(),
                stdio.stdinOnce(),
                stdio.rows(),
                stdio.columns(),
                stdio.ttys().map(each -> new Ttys(each.count(), each.directory()))),
            engine.store.runOf(identity.id()),
            state,
            engine.config.logLimitBytes());
    return spec.isSystem() ? bundle.asSystem() : bundle;
  }

  /** A mount shows its owners once: a view of ours cannot be shown with the container's ids. */
  private List<Lower> lowers() {
    return layers.stream().map(this::lower).toList();
  }

  private Lower lower(Path layer) {
    long first = identity.idBase().orElse(0L);
    return engine
        .ownedTrees
        .behind(layer)
        .map(it ->
            new Lower(
                it.directory(),
                OwnedTrees.mappings(it.owners().users(), first),
                OwnedTrees.mappings(it.owners().groups(), first)))
        .orElseGet(() -> new Lower(layer));
  }

  /** What somebody has mounted there himself stays. */
  private Spec withView(Spec configuration) {
    List<Mount> all = new ArrayList<>(configuration.mounts());
    Set<String> taken = all.stream().map(Mount::destination).collect(Collectors.toSet());
    engine.view.mounts(identity.id()).stream()
        .filter(each -> !taken.contains(each.destination()))
        .forEach(all::add);
    Spec seen = configuration.withMounts(all);
    return spec.security().intercept().isEmpty()
        ? seen
        : seen.withLinux(seen.linux().map(it -> it.withSeccomp(asked())));
  }

  /** Where it is asked about system calls; the filter itself is made apart. */
  private Seccomp asked() {
    return new Seccomp(
        "SCMP_ACT_ERRNO",
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.of(engine.view.callsSocket()),
        Optional.of(String.join(",", Interception.done(spec.security().intercept()))),
        List.of());
  }

  private SeccompProfile intercepting(SeccompProfile profile) {
    List<String> kinds = spec.security().intercept();
    if (kinds.isEmpty()) {
      return profile;
    }
    if (!ProcView.possible()) {
      throw new EngineException.Refused(
          "create", reference(), "system calls are answered by the view, which needs /dev/fuse");
    }
    return Interception.asked(profile, kinds);
  }

  private Optional<SeccompProfile> seccomp(Spec configuration) {
    if (spec.privileged()) {
      return Optional.empty();
    }
    CapabilitySet bounding =
        CapabilitySet.named(
            configuration.process().orElseThrow().capabilities().orElseThrow().bounding());
    return switch (spec.security().seccomp()) {
      case SeccompRequest.Unconfined() -> Optional.empty();
      case SeccompRequest.Default() when spec.security().nesting() ->
          Optional.of(DefaultProfile.ofEngines(bounding, Abi.host()));
      case SeccompRequest.Default() ->
          Optional.of(
              PROFILES.computeIfAbsent(bounding, each -> DefaultProfile.profile(each, Abi.host())));
      case SeccompRequest.Profile(String json) ->
          Optional.of(DockerSeccomp.read(json, bounding, engine.facts()));
    };
  }

  /** Fills those of its volumes that are empty; the machine's own files are nobody's image. */
  void fillVolumes() {
    if (spec.root() instanceof RootSource.Host) {
      return;
    }
    VolumeFilling filling = new VolumeFilling(layers);
    for (MountRequest mount : spec.mounts()) {
      if (mount instanceof MountRequest.Volume volume && volume.copy() && volume.part().isEmpty()) {
        filling.fill(engine.volumes.contentOf(volume.name()), volume.target());
      }
    }
  }

  /** Checks that what is to be mounted is there, or makes it. */
  void checkMounts() {
    for (MountRequest mount : spec.mounts()) {
      if (mount instanceof MountRequest.Bind(Path source, _, _, _, _, boolean layered, _)
          && layered
          && !Files.isDirectory(source)) {
        throw new EngineException.Invalid(
            "create", reference(), "only a directory has a layer above it, not '" + source + "'");
      }
      if (mount instanceof MountRequest.Bind(Path source, _, _, boolean create, _, _, _)
          && !Files.exists(source)) {
        if (!create) {
          throw new EngineException.Invalid(
              "create", reference(), "bind source path does not exist: " + source);
        }
        try {
          Files.createDirectories(source);
        } catch (IOException e) {
          throw new EngineException.Failed(
              "create", reference(), "mkdir " + source + ": " + AtomicFile.reason(e), e);
        }
      }
    }
  }

  /** Checks what can change between two starts. */
  void checkConfinement(Spec configuration) {
    try {
      configuration.process().flatMap(Process::apparmorProfile).ifPresent(AppArmorProfile::require);
    } catch (SecurityModuleException e) {
      throw new EngineException.Refused("start", reference(), String.valueOf(e.getMessage()));
    }
  }

  /** The layer that the container writes. */
  Path upper() {
    return engine.store.layerOf(identity.id()).resolve("upper");
  }

  Identity identity() {
    return identity;
  }

  private String reference() {
    return identity.reference(spec);
  }

  /** Puts what its root needs into the container's own layer. */
  void prepareLayer() {
    if (spec.root() instanceof RootSource.Host) {
      engine.hostRoot.prepare(upper());
    }
    if (spec.isSystem()) {
      OwnFiles.write(upper(), layers, identity.hostname(spec));
    }
  }

  /** Which version of the host's resolv.conf a container would get now. */
  static FileTime resolver() {
    try {
      return Files.getLastModifiedTime(Path.of("/etc/resolv.conf"));
    } catch (IOException e) {
      return FileTime.fromMillis(0); // there is none
    }
  }

  /** Writes the files that the container has for itself in /etc. */
  void writeFiles() {
    if (spec.isSystem()) {
      return;
    }
    Path files = engine.store.stateOf(identity.id()).resolve("files");
    String name = identity.hostname(spec);
    try {
      if (spec.network() instanceof NamespaceMode.Host) {
        copy("hosts", files);
        Files.writeString(files.resolve("hosts"), furtherHosts(), StandardOpenOption.APPEND);
      } else {
        Files.writeString(
            files.resolve("hosts"),
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t"
                + name
                + "\n"
                + furtherHosts(),
            StandardCharsets.UTF_8);
      }
      Files.writeString(files.resolve("hostname"), name + "\n", StandardCharsets.UTF_8);
      writeResolver(files);
    } catch (IOException e) {
      throw new EngineException.Failed("create", reference(), AtomicFile.reason(e), e);
    }
  }

  /** Who has no network of ours, has no gateway to the host either. */
  private String furtherHosts() {
    return spec.networks().map(NetworkRequest::hosts).orElse(List.of()).stream()
        .map(line -> line.replace(NetworkRequest.HOST_GATEWAY, "127.0.0.1").split(":", 2))
        .map(parts -> parts[1] + "\t" + parts[0] + "\n")
        .collect(Collectors.joining());
  }

  /** As the host's, but for what was asked for. */
  private void writeResolver(Path files) throws IOException {
    Optional<NetworkRequest> asked = spec.networks().filter(NetworkRequest::asksForNames);
    if (asked.isEmpty()) {
      copy("resolv.conf", files);
      return;
    }
    String text = Joining.resolver(asked.get()).text();
    Files.writeString(files.resolve("resolv.conf"), text, StandardCharsets.UTF_8);
  }

  private static void copy(String name, Path files) throws IOException {
    Path source = Path.of("/etc", name);
    byte[] text = Files.isReadable(source) ? Files.readAllBytes(source) : new byte[0];
    Files.write(files.resolve(name), text);
  }
}
