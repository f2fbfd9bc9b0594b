package io.kapsel.lxc;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.HostProgram;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code lxc-create}: a directory with a configuration, and a root file system by a template. */
final class LxcCreation {
  private static final String DEFAULTS = "/etc/lxc/default.conf";
  private static final String TEMPLATES = "/usr/share/lxc/templates/lxc-";
  private static final Set<String> OF_DEBIAN = Set.of("debian", "download");

  private static final List<String> OF_DEVICES =
      List.of("lvname", "vgname", "thinpool", "rbdname", "rbdpool", "zfsroot", "fstype", "fssize");

  private final LxcCall call;
  private final Path own;

  private LxcCreation(LxcCall call) {
    this.call = call;
    this.own = call.place().directory().resolve(call.name());
  }

  static int run(LxcCall call) {
    return new LxcCreation(call).run();
  }

  private int run() {
    String template =
        call.options()
            .last("template")
            .orElseThrow(() ->
                new LxcException(
                    "A template must be specified\n"
                        + "lxc-create: "
                        + call.name()
                        + ": Use \"none\" if you really want a container without a rootfs"));
    if (call.place().exists(call.name())) {
      throw new LxcException("Container already exists");
    }
    call.options()
        .last("bdev")
        .filter(it -> !Set.of("dir", "best", "none").contains(it))
        .ifPresent(it -> {
          throw new LxcException("the files of a container are in a directory here, not on " + it);
        });
    OF_DEVICES.stream()
        .filter(call.options()::has)
        .findFirst()
        .ifPresent(it -> {
          throw new LxcException("the files of a container are in a directory here: no --" + it);
        });
    boolean found = Files.exists(own);
    boolean done = false;
    try {
      create(template);
      done = true;
      return 0;
    } finally {
      if (!done) {
        LxcCopies.discard(call.place().directory(), call.name(), found);
      }
    }
  }

  private void create(String template) {
    String config = given();
    String root = call.options().last("dir").orElse(own.resolve("rootfs").toString());
    if (OF_DEBIAN.contains(template)) {
      String image = image(template);
      LxcCopies.write(own.resolve("config"), config + line("rootfs.path", "image:" + image));
    } else {
      LxcCopies.write(own.resolve("config"), config + line("rootfs.path", "dir:" + root));
      if (!template.equals("none")) {
        LxcPlan.owners(LxcConfig.read(own.resolve("config")))
            .ifPresentOrElse(
                it -> call.engine().owned(made(root), it, () -> fill(template, root)),
                () -> fill(template, root));
      }
    }
    String written = LxcCopies.read(own.resolve("config"));
    if (!written.lines().anyMatch(each -> each.strip().startsWith("lxc.uts.name"))) {
      LxcCopies.write(own.resolve("config"), written + line("uts.name", call.name()));
    }
  }

  private static String line(String key, String value) {
    return "lxc." + key + " = " + value + "\n";
  }

  /** What --config says, or the system's default. */
  private String given() {
    Optional<Path> file = call.options().last("config").map(call.caller().directory()::resolve);
    if (file.isPresent()) {
      var _ = LxcConfig.read(file.get()); // says what is wrong with it
      return LxcCopies.read(file.get());
    }
    Path usual = Path.of(DEFAULTS);
    return Files.isReadable(usual) ? LxcCopies.read(usual) : "";
  }

  /** Of an image that is there, or can be made with kapsel image create. */
  private String image(String template) {
    LxcOptions options =
        LxcOptions.parse(
            "lxc-" + template, call.options().operands(), "d:dist= r:release= a:arch= :variant=");
    String dist = options.last("dist").orElse("debian");
    String release = options.last("release").orElse("bookworm");
    if (!dist.equals("debian")) {
      throw new LxcException(
          "only Debian can be made here; for '%s' take an image: kapsel pull, then -t none and"
                  .formatted(dist)
              + " lxc.rootfs.path = image:NAME");
    }
    checkKind(options);
    String name = "debian/" + release + ":system";
    if (call.engine().images().store().find(name, Platform.host()).isEmpty()) {
      throw new LxcException(
          "there is no image '%s' yet; make it with: kapsel image create --variant system %s %s"
              .formatted(name, release, name));
    }
    return name;
  }

  private static void checkKind(LxcOptions options) {
    Optional<String> other = options.last("arch").filter(it -> !isOfHost(it));
    if (other.isPresent()) {
      throw new LxcException(
          "a container runs on the processor that there is, %s, not on '%s'"
              .formatted(Platform.host().architecture(), other.get()));
    }
    Optional<String> variant = options.last("variant").filter(it -> !it.equals("default"));
    if (variant.isPresent()) {
      throw new LxcException("there is no variant '%s', only 'default'".formatted(variant.get()));
    }
  }

  private static boolean isOfHost(String architecture) {
    try {
      return Platform.host().serves(Platform.parse(architecture)) > 0;
    } catch (InvalidSpecException e) {
      return false;
    }
  }

  private static Path made(String root) {
    try {
      return Files.createDirectories(Path.of(root));
    } catch (IOException e) {
      throw new LxcException("cannot make '" + root + "': " + AtomicFile.reason(e));
    }
  }

  /** As LXC calls its templates. */
  private void fill(String template, String root) {
    Path program = Path.of(template.startsWith("/") ? template : TEMPLATES + template);
    if (!Files.isExecutable(program)) {
      throw new LxcException("there is no template '" + program + "'");
    }
    List<String> words = new ArrayList<>();
    words.add(program.toString());
    words.add("--path=" + own);
    words.add("--name=" + call.name());
    words.add("--rootfs=" + root);
    words.addAll(call.options().operands());
    try {
      made(root);
      HostProgram.Ended ended = HostProgram.run(words, call.caller().environment());
      call.caller().out(ended.said());
      if (ended.status().isEmpty() || ended.status().get().raw() != 0) {
        throw new LxcException("Failed to create container from template");
      }
    } catch (SyscallException e) {
      throw new LxcException("cannot run '" + program + "': " + e.getMessage());
    }
  }
}
