package io.kapsel.engine.spec;

import java.util.List;
import java.util.Optional;

/**
 * One more process in a running container.
 *
 * @param privileged whether it has all capabilities
 */
public record ExecSpec(
    List<String> command,
    List<String> env,
    Optional<String> workingDirectory,
    Optional<String> user,
    boolean privileged,
    Stdio stdio,
    ExecRules rules) {
  /** Checks each part. */
  public ExecSpec {
    command = List.copyOf(command);
    env = List.copyOf(env);
    InvalidRequestException.unless(!command.isEmpty(), "there is no command");
    command.forEach(ContainerSpec::noNul);
    env.forEach(ContainerSpec::variable);
    workingDirectory.ifPresent(ContainerSpec::directory);
  }

  /** One for which the same holds as for the others. */
  public ExecSpec(
      List<String> command,
      List<String> env,
      Optional<String> workingDirectory,
      Optional<String> user,
      boolean privileged,
      Stdio stdio) {
    this(command, env, workingDirectory, user, privileged, stdio, ExecRules.USUAL);
  }

  /** A command with the container's own user, environment and directory. */
  public static ExecSpec of(List<String> command, Stdio stdio) {
    return new ExecSpec(command, List.of(), Optional.empty(), Optional.empty(), false, stdio);
  }
}
