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

  private static final String MOUNT = "LXC_ROOTFS_MOUNT=";

  private final LxcConfig config;
  private final String name;
  private final Path file;

  LxcHooks(LxcConfig config, String name, Path file) {
    this.config = config;
    this.name = name;
    this.file = file;
  }

  /** Those of a container, if it is defined in that place. */
  static Optional<LxcHooks> of(LxcPlace place, String name, LxcSource source) {
    return source.read(place, name).map(it -> new LxcHooks(it, name, source.file(place, name)));
  }

  LxcConfig config() {
    return config;
  }

  /** Whether there are any for a moment. */
  boolean hasSome(String moment) {
    return !config.all("lxc.hook." + moment).isEmpty();
  }

  /** Runs those of one moment, one after the other; the first that fails ends it. */
  void run(String moment, String target) {
    run(moment, target, List.of(), List.of());
  }

  /** The same with more arguments and variables. */
  void run(String moment, String target, List<String> arguments, List<String> variables) {
    for (LxcConfig.Entry each : config.all("lxc.hook." + moment)) {
      List<String> environment = environment(moment, "lxc", target);
      environment.addAll(variables);
      int code = run(each, List.of("lxc", moment), arguments, environment);
      if (code != 0) {
        throw each.wrong("'" + each.value() + "' has ended with " + code);
      }
    }
  }

  /** Runs those for a copy, whose files are at a place of the host. */
  void cloned(String source, Path files, List<String> arguments) {
    for (LxcConfig.Entry each : config.all("lxc.hook.clone")) {
      List<String> environment = inside("clone", files);
      environment.add("LXC_SRC_NAME=" + source);
      int code = run(each, List.of("lxc", "clone"), arguments, environment);
      if (code != 0) {
        throw each.wrong("'" + each.value() + "' has ended with " + code);
      }
    }
  }

  /**
   * Runs the scripts of cards.
   *
   * @param moment up or down
   * @param peers the host's ends of the cards in networks of the engine, in their order
   */
  void cards(String moment, List<String> peers) {
    LxcCard.with(peers, config)
        .forEach((card, peer) ->
            card.last("script." + moment).ifPresent(it -> runCard(it, moment, card, peer)));
  }

  private void runCard(LxcConfig.Entry script, String moment, LxcCard card, String peer) {
    List<String> more = new ArrayList<>(List.of(card.type()));
    card.value("link").ifPresent(more::add);
    if (card.type().equals("veth")) {
      more.add(peer);
    }
    List<String> env = environment(moment, "net", "");
    env.add("LXC_NET_TYPE=" + card.type());
    card.value("link").ifPresent(it -> env.add("LXC_NET_PARENT=" + it));
    if (card.type().equals("veth")) {
      env.add("LXC_NET_PEER=" + peer);
    }
    int code = run(script, List.of("net", moment), more, env);
    if (code != 0) {
      throw script.wrong("'" + script.value() + "' has ended with " + code);
    }
  }

  /** Hooks of version 0 are told by arguments. */
  private int run(
      LxcConfig.Entry hook, List<String> what, List<String> more, List<String> environment) {
    List<String> arguments = new ArrayList<>(what);
    arguments.addAll(more);
    List<String> words = words(hook, arguments);
    try {
      HostProgram.Ended ended = HostProgram.run(words, environment);
      log(what.getLast(), ended.said());
      return ended
          .status()
          .map(WaitStatus::code)
          .orElseThrow(() -> hook.wrong("'" + hook.value() + "' does not end"));
    } catch (SyscallException e) {
      throw hook.wrong("cannot run '" + hook.value() + "': " + e.getMessage());
    }
  }

  private List<String> words(LxcConfig.Entry hook, List<String> arguments) {
    List<String> words =
        new ArrayList<>(List.of("/bin/sh", "-c", "exec " + hook.value() + " \"$@\"", "sh"));
    if (config.value("lxc.hook.version").orElse("0").equals("0")) {
      words.add(name);
      words.addAll(arguments);
    }
    return words;
  }

  /** How a hook is called that is run for the engine. */
  List<String> words(LxcConfig.Entry hook, String moment) {
    return words(hook, List.of("lxc", moment));
  }

  /** What such a hook has in its environment. */
  List<String> inside(String moment, Path root) {
    List<String> all = environment(moment, "lxc", "");
    all.removeIf(each -> each.startsWith(MOUNT));
    all.add(MOUNT + root);
    return all;
  }

  private void log(String moment, String said) {
    if (!said.isBlank()) {
      System.getLogger(LxcHooks.class.getName())
          .log(System.Logger.Level.INFO, "a hook of {0} said at {1}: {2}", name, moment, said);
    }
  }

  private List<String> environment(String moment, String section, String target) {
    String root = config.value("lxc.rootfs.path").orElse("");
    String path = root.startsWith("dir:") ? root.substring("dir:".length()) : root;
    List<String> all =
        new ArrayList<>(
            List.of(
                "PATH=" + PATH,
                "LXC_NAME=" + name,
                "LXC_CONFIG_FILE=" + file,
                "LXC_CGNS_AWARE=1",
                "LXC_LOG_LEVEL=" + config.value("lxc.log.level").orElse("ERROR"),
                "LXC_ROOTFS_PATH=" + path,
                MOUNT + config.value("lxc.rootfs.mount").orElse(""),
                "LXC_HOOK_TYPE=" + moment,
                "LXC_HOOK_SECTION=" + section,
                "LXC_HOOK_VERSION=" + config.value("lxc.hook.version").orElse("0"),
                "LXC_TARGET=" + target));
    for (String key : List.of("lxc.environment", "lxc.environment.hooks")) {
      config.all(key).forEach(each -> all.add(each.value()));
    }
    return all;
  }
}
