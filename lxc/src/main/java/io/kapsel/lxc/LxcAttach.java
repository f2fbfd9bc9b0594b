package io.kapsel.lxc;

import io.kapsel.engine.EngineException;
import io.kapsel.engine.spec.ExecRules;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.Stdio;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code lxc-attach}: a program in a container that runs. */
final class LxcAttach {
  private static final String SHELL =
      "s=$(while IFS=: read -r n _ u _ _ h s; do [ \"$u\" = 0 ] && echo \"$s\" && break; done"
          + " </etc/passwd); cd /root 2>/dev/null || cd /; exec \"${s:-/bin/sh}\"";

  private static final List<String> PRIVILEGES = List.of("CAP", "CGROUP", "LSM");

  private LxcAttach() {}

  static int run(LxcCall call) {
    LxcCaller caller = call.caller();
    LxcOptions options = call.options();
    if (!call.place().isRunning(call.name())) {
      throw new LxcException("Failed to get init pid");
    }
    check(options);
    Set<String> privileges = privileges(options);
    boolean terminal = caller.terminal();
    List<String> command =
        options.operands().isEmpty() ? List.of("/bin/sh", "-c", SHELL) : options.operands();
    Optional<String> user =
        options
            .last("uid")
            .map(uid -> uid + options.last("gid").map(gid -> ":" + gid).orElse(""))
            .or(() -> options.last("gid").map(gid -> "0:" + gid));
    try {
      return caller.attach(
          call.running(),
          new ExecSpec(
              command,
              environment(caller, options),
              Optional.empty(),
              user,
              privileges.contains("CAP"),
              new Stdio(
                  terminal,
                  true,
                  true,
                  terminal ? caller.rows() : 0,
                  terminal ? caller.columns() : 0),
              new ExecRules(
                  privileges.contains("CGROUP"),
                  privileges.contains("LSM"),
                  options.last("arch").map(LxcAttach::isNarrow),
                  options.last("context"))));
    } catch (EngineException.LaunchFailed e) {
      throw new LxcException(e.exitCode(), String.valueOf(e.getMessage()));
    }
  }

  private static List<String> environment(LxcCaller caller, LxcOptions options) {
    List<String> env = new ArrayList<>();
    if (!options.has("clear-env")) {
      caller.environment().stream().filter(it -> it.indexOf('=') > 0).forEach(env::add);
    }
    options
        .all("keep-var")
        .forEach(key -> caller.variable(key).ifPresent(value -> env.add(key + "=" + value)));
    for (String each : options.all("set-var")) {
      if (each.indexOf('=') <= 0) {
        throw new LxcException("'" + each + "' in --set-var is not NAME=VALUE");
      }
      env.add(each);
    }
    env.add("container=lxc");
    return env;
  }

  /** Each time some, with bars in between, or all where none is named. */
  private static Set<String> privileges(LxcOptions options) {
    Set<String> all = new HashSet<>();
    for (String text : options.all("elevated-privileges")) {
      List<String> words = text.isEmpty() ? PRIVILEGES : List.of(text.split("\\|", -1));
      if (!PRIVILEGES.containsAll(words)) {
        throw new LxcException("'" + text + "' are no privileges; there are " + PRIVILEGES);
      }
      all.addAll(words);
    }
    return all;
  }

  private static boolean isNarrow(String architecture) {
    if (!LxcValues.ARCHITECTURES.contains(architecture)) {
      throw new LxcException(
          "'%s' in --arch is no architecture; there are %s"
              .formatted(architecture, String.join(" ", LxcValues.ARCHITECTURES)));
    }
    return LxcAmendment.isNarrow(architecture);
  }

  private static void check(LxcOptions options) {
    for (String ofScript : List.of("namespaces", "remount-sys-proc", "pty-log")) {
      if (options.has(ofScript)) {
        throw new LxcException(
            "--" + ofScript + " is done by the script lxc-attach, and not by the client");
      }
    }
    for (String key : List.of("uid", "gid")) {
      options
          .last(key)
          .filter(it -> !it.matches("\\d{1,9}"))
          .ifPresent(it -> {
            throw new LxcException("'" + it + "' in --" + key + " is no number");
          });
    }
  }
}
