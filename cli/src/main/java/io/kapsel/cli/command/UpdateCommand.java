package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.RestartPolicy;
import java.util.Optional;

/** {@code kapsel update}: other limits and another policy for containers that are there. */
final class UpdateCommand implements Command {
  private static final Flag<RestartPolicy> RESTART =
      Flag.of(
          "restart",
          "string",
          "Restart policy: no, on-failure[:n], always, unless-stopped",
          RestartPolicy::parse);
  private static final Manual MANUAL =
      new Manual(
          "update",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Update configuration of one or more containers",
          "Limits of what runs take effect at once.\n",
          FlagSet.of(
              RunFlags.MEMORY,
              RunFlags.MEMORY_SWAP,
              RunFlags.MEMORY_RESERVATION,
              RunFlags.CPUS,
              RunFlags.CPU_SHARES,
              RunFlags.CPU_PERIOD,
              RunFlags.CPU_QUOTA,
              RunFlags.CPU_SET,
              RunFlags.MEMORY_NODES,
              RunFlags.PIDS,
              RESTART),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Limits limits = SpecReader.limits(call.arguments());
    Optional<RestartPolicy> policy = call.arguments().last(RESTART);
    if (limits.equals(Limits.DEFAULT) && policy.isEmpty()) {
      throw new CommandException(1, "you must provide one or more flags when using this command");
    }
    return call.forEach(container -> container.update(limits, policy));
  }
}
