package io.kapsel.cli.command.system;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Formatted;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.linux.process.Uname;
import java.lang.module.ModuleDescriptor;
import java.util.Optional;

/** {@code kapsel version}: of what there is. */
public final class VersionCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "version",
          "[OPTIONS]",
          "Show the versions of engine, Java and kernel",
          "",
          FlagSet.of(Listing.FORMAT_F),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  /** The engine's version, as its distribution says. */
  public static String version() {
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
    Optional<String> format = call.arguments().last(Listing.FORMAT_F);
    if (format.isPresent()) {
      call.client().out(Formatted.text(format.get(), struct(kernel)));
      return 0;
    }
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

  /** Client and engine come from one distribution. */
  private static Struct struct(Uname kernel) {
    String machine =
        switch (kernel.machine()) {
          case "x86_64" -> "amd64";
          case "aarch64" -> "arm64";
          default -> kernel.machine();
        };
    Struct client =
        new Struct().with("Version", version()).with("Os", "linux").with("Arch", machine);
    Struct server =
        new Struct()
            .with("Version", version())
            .with("Os", "linux")
            .with("Arch", machine)
            .with("KernelVersion", kernel.release())
            .with("JavaVersion", Runtime.version().toString());
    return new Struct().with("Client", client).with("Server", server);
  }
}
