package io.kapsel.lxc;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.HostProgram;
import io.kapsel.linux.process.WaitStatus;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The programs that a configuration names for certain moments, as far as they run on the host. */
final class LxcHooks {
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final LxcConfig config;
  private final String name;
  private final Path file;

  LxcHooks(LxcConfig config, String name, Path file) {
    this.config = config;
    this.name = name;
    this.file = file;
  }

  /** Those of a container, if it is defined in that place. */
  static Optional<LxcHooks> of(LxcPlace place, String name) {
    return place.config(name).map(it -> new LxcHooks(it, name, place.configOf(name)));
  }

  LxcConfig config() {
    return config;
  }

  /** Runs those of one moment, one after the other; the first that fails ends it. */
  void run(String moment, String target) {
    for (LxcConfig.Entry each : config.all("lxc.hook." + moment)) {
      int code = run(each, moment, target);
      if (code != 0) {
        throw each.wrong("'" + each.value() + "' has ended with " + code);
      }
    }
  }

  private int run(LxcConfig.Entry hook, String moment, String target) {
    List<String> words =
        new ArrayList<>(List.of("/bin/sh", "-c", "exec " + hook.value() + " \"$@\"", "sh"));
    if (config.value("lxc.hook.version").orElse("0").equals("0")) {
      words.addAll(List.of(name, "lxc", moment));
    }
    try {
      HostProgram.Ended ended = HostProgram.run(words, environment(moment, target));
      log(moment, ended.said());
      return ended
          .status()
          .map(WaitStatus::code)
          .orElseThrow(() -> hook.wrong("'" + hook.value() + "' does not end"));
    } catch (SyscallException e) {
      throw hook.wrong("cannot run '" + hook.value() + "': " + e.getMessage());
    }
  }

  private void log(String moment, String said) {
    if (!said.isBlank()) {
      System.getLogger(LxcHooks.class.getName())
          .log(System.Logger.Level.INFO, "a hook of {0} said at {1}: {2}", name, moment, said);
    }
  }

  private List<String> environment(String moment, String target) {
    String root = config.value("lxc.rootfs.path").orElse("");
    String path = root.startsWith("dir:") ? root.substring("dir:".length()) : root;
    List<String> all =
        new ArrayList<>(
            List.of(
                "PATH=" + PATH,
                "LXC_NAME=" + name,
                "LXC_CONFIG_FILE=" + file,
                "LXC_ROOTFS_PATH=" + path,
                "LXC_ROOTFS_MOUNT=" + config.value("lxc.rootfs.mount").orElse(""),
                "LXC_HOOK_TYPE=" + moment,
                "LXC_HOOK_SECTION=lxc",
                "LXC_HOOK_VERSION=" + config.value("lxc.hook.version").orElse("0"),
                "LXC_TARGET=" + target));
    for (String key : List.of("lxc.environment", "lxc.environment.hooks")) {
      config.all(key).forEach(each -> all.add(each.value()));
    }
    return all;
  }
}
