package io.kapsel.lxc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The programs that a configuration names for certain moments, as far as they run on the host. */
final class LxcHooks {
  private static final int MINUTES = 5;
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final LxcConfig config;
  private final String name;
  private final Path file;

  LxcHooks(LxcConfig config, String name, Path file) {
    this.config = config;
    this.name = name;
    this.file = file;
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
      ProcessBuilder builder = new ProcessBuilder(words);
      builder.environment().clear();
      builder.environment().putAll(environment(moment, target));
      builder.directory(new java.io.File("/"));
      builder.redirectErrorStream(true);
      Process process = builder.start();
      process.getOutputStream().close();
      byte[] said = process.getInputStream().readAllBytes();
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw hook.wrong("'" + hook.value() + "' does not end");
      }
      log(moment, new String(said, StandardCharsets.UTF_8));
      return process.exitValue();
    } catch (IOException e) {
      throw hook.wrong("cannot run '" + hook.value() + "': " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw hook.wrong("interrupted");
    }
  }

  private void log(String moment, String said) {
    if (!said.isBlank()) {
      System.getLogger(LxcHooks.class.getName())
          .log(System.Logger.Level.INFO, "a hook of {0} said at {1}: {2}", name, moment, said);
    }
  }

  private Map<String, String> environment(String moment, String target) {
    String root = config.value("lxc.rootfs.path").orElse("");
    return Map.of(
        "PATH",
        PATH,
        "LXC_NAME",
        name,
        "LXC_CONFIG_FILE",
        file.toString(),
        "LXC_ROOTFS_PATH",
        root.startsWith("dir:") ? root.substring("dir:".length()) : root,
        "LXC_ROOTFS_MOUNT",
        config.value("lxc.rootfs.mount").orElse(""),
        "LXC_HOOK_TYPE",
        moment,
        "LXC_HOOK_SECTION",
        "lxc",
        "LXC_HOOK_VERSION",
        config.value("lxc.hook.version").orElse("0"),
        "LXC_TARGET",
        target);
  }
}
