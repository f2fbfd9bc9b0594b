package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.linux.process.Uname;
import java.lang.module.ModuleDescriptor;
import java.util.Optional;

/** {@code kapsel version}: of what there is. */
final class VersionCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "version",
          "",
          "Show the versions of engine, Java and kernel",
          "",
          FlagSet.of(),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  /** The engine's version, as its distribution says. */
  static String version() {
    ModuleDescriptor module = VersionCommand.class.getModule().getDescriptor();
    Optional<String> own = module == null ? Optional.empty() : module.rawVersion();
    return own.or(VersionCommand::ofPackage).orElse("of an unpacked build");
  }

  private static Optional<String> ofPackage() {
    return Optional.ofNullable(VersionCommand.class.getPackage().getImplementationVersion());
  }

  @Override
  public int run(Call call) {
    Uname kernel = Uname.read();
    call.client()
        .out(
            """
            Kapsel:  %s
            Java:    %s
            Kernel:  %s (%s)
            """
                .formatted(version(), Runtime.version(), kernel.release(), kernel.machine()));
    return 0;
  }
}
