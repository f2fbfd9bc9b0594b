package io.kapsel.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.oci.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Bundles as other programs write them: a config.json in a directory, with a root beside it. */
final class WrittenBundles {
  /** What a caller begins with; tests change parts of it. */
  static final String STANDARD =
      """
      {"ociVersion":"1.2.1",
       "process":{"terminal":false,"user":{"uid":0,"gid":0},"args":["sh"],
        "env":["PATH=/bin","HOME=/root"],"cwd":"/",
        "capabilities":{"bounding":["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"],
         "effective":["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"],
         "permitted":["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]},
        "rlimits":[{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}],"noNewPrivileges":true},
       "root":{"path":"rootfs","readonly":false},"hostname":"box",
       "mounts":[{"destination":"/proc","type":"proc","source":"proc"},
        {"destination":"/dev","type":"tmpfs","source":"tmpfs",
         "options":["nosuid","strictatime","mode=755","size=65536k"]},
        {"destination":"/dev/pts","type":"devpts","source":"devpts",
         "options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]},
        {"destination":"/dev/shm","type":"tmpfs","source":"shm",
         "options":["nosuid","noexec","nodev","mode=1777","size=65536k"]},
        {"destination":"/dev/mqueue","type":"mqueue","source":"mqueue",
         "options":["nosuid","noexec","nodev"]},
        {"destination":"/sys","type":"sysfs","source":"sysfs",
         "options":["nosuid","noexec","nodev","ro"]},
        {"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup",
         "options":["nosuid","noexec","nodev","relatime","ro"]}],
       "linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}]},
        "namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},
         {"type":"mount"},{"type":"cgroup"}],
        "maskedPaths":["/proc/acpi","/proc/kcore","/proc/keys","/sys/firmware"],
        "readonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]}}
      """;

  private String json = STANDARD;
  private final Path directory;
  private final String id;
  private final CgroupHost host;
  private boolean terminal;

  private boolean newKeyring = true;
  private boolean grouped = true;
  private Optional<Scope> scope = Optional.empty();

  WrittenBundles(Path directory, String id, CgroupHost host) {
    this.directory = directory;
    this.id = id;
    this.host = host;
  }

  WrittenBundles withTheCallersKeyring() {
    newKeyring = false;
    return this;
  }

  /** Makes a root with the usual small programs in it. */
  static void makeRoot(Path directory) throws IOException {
    Path bin = Files.createDirectories(directory.resolve("rootfs/bin"));
    for (String name : List.of("etc", "tmp", "root")) {
      Files.createDirectory(directory.resolve("rootfs").resolve(name));
    }
    Path busybox = bin.resolve("busybox");
    Files.copy(Path.of("/bin/busybox"), busybox, StandardCopyOption.COPY_ATTRIBUTES);
    for (String name : BUSYBOX.split(" ")) {
      Files.createSymbolicLink(bin.resolve(name), Path.of("busybox"));
    }
  }

  private static final String BUSYBOX =
      "sh cat id ls mount umount stat grep readlink true false sleep hostname ps touch mkdir head"
          + " wc tr env nproc ip tty stty test df find ulimit cut sed echo mknod dd sort uname";

  WrittenBundles replacing(String part, String other) {
    if (!json.contains(part)) {
      throw new AssertionError("there is no " + part);
    }
    json = json.replace(part, other);
    return this;
  }

  /** Adds properties to the object {@code linux}. */
  WrittenBundles linux(String properties) {
    return replacing("\"linux\":{", "\"linux\":{" + properties + ",");
  }

  WrittenBundles process(String properties) {
    return replacing("\"process\":{", "\"process\":{" + properties + ",");
  }

  WrittenBundles mount(String mount) {
    return replacing("],\n \"linux\"", "," + mount + "],\n \"linux\"");
  }

  WrittenBundles without(String namespace) {
    json = json.replaceFirst("\\{\"type\":\"" + namespace + "\"\\},?\\s*", "");
    json = json.replace("},]", "}]").replace("},\n         ]", "}]");
    return this;
  }

  WrittenBundles withTerminal() {
    terminal = true;
    return replacing("\"terminal\":false", "\"terminal\":true");
  }

  Bundle running(String script) {
    String args = "[\"sh\",\"-c\",\"" + script.replace("\\", "\\\\").replace("\"", "\\\"") + "\"]";
    return bundle(json.replace("\"args\":[\"sh\"]", "\"args\":" + args));
  }

  /** As one that CRIU brings back for a caller who leaves. */
  Bundle restored() {
    return bundle(
        json, Stdio.of(new Guest(0, true, Optional.empty(), Optional.empty()), false, 0, 0));
  }

  Bundle bundle(String text) {
    return bundle(text, new Stdio(terminal, false, false, 24, 80));
  }

  private Bundle bundle(String text, Stdio stdio) {
    return Bundle.written(
        id,
        Spec.parse(text.getBytes(UTF_8)),
        new AsWritten(directory, place(text), newKeyring, scope),
        stdio,
        directory,
        1 << 20);
  }

  private CgroupPlace place(String text) {
    if (scope.isPresent()) {
      return CgroupPlace.of(host, scope.get(), "");
    }
    CgroupPlace place = CgroupPlace.of(host, path(text), id, Map.of());
    return place.only(_ -> grouped);
  }

  /** In a scope of systemd. */
  WrittenBundles inScope(String cgroupsPath) {
    scope = Optional.of(Scope.of(cgroupsPath, id, "system.slice"));
    return this;
  }

  /** In no control group of its own. */
  WrittenBundles ungrouped() {
    grouped = false;
    return this;
  }

  private static String path(String text) {
    return Spec.parse(text.getBytes(UTF_8))
        .linux()
        .flatMap(io.kapsel.oci.Linux::cgroupsPath)
        .orElse("");
  }
}
