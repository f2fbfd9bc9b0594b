package io.kapsel.oci;

import java.util.List;
import java.util.Optional;

/** Programs of the host that run at points of a container's life. */
public record Hooks(
    List<Hook> prestart,
    List<Hook> createRuntime,
    List<Hook> createContainer,
    List<Hook> startContainer,
    List<Hook> poststart,
    List<Hook> poststop) {
  /** Copies the lists. */
  public Hooks {
    prestart = List.copyOf(prestart);
    createRuntime = List.copyOf(createRuntime);
    createContainer = List.copyOf(createContainer);
    startContainer = List.copyOf(startContainer);
    poststart = List.copyOf(poststart);
    poststop = List.copyOf(poststop);
  }

  /** One program. */
  public record Hook(String path, List<String> args, List<String> env, Optional<Integer> timeout) {
    /** Checks each part. */
    public Hook {
      args = List.copyOf(args);
      env = List.copyOf(env);
      Check.absolute("hooks[].path", path);
      timeout.ifPresent(
          seconds -> Check.that(seconds > 0, "hooks[].timeout", seconds, "is not positive"));
    }
  }
}
