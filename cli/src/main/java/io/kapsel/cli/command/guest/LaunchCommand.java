package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.command.container.CreateCommand;
import io.kapsel.cli.command.image.ImageCreateCommand;
import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.image.debian.DebianRequest;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code kapsel launch}: a whole system from nothing to the moment when it has booted. */
public final class LaunchCommand implements Command {
  private static final Pattern DEBIAN = Pattern.compile("debian/([a-z][a-z0-9-]*)");
  private static final Pattern HOSTNAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]{0,62})");
  private static final List<String> INIT = List.of("/sbin/init");
  private static final int PATIENCE = 120;
  private static final Flag<Boolean> EPHEMERAL =
      Flag.toggle("ephemeral", "Remove the container and all its changes when it stops");
  private static final Flag<Boolean> NO_WAIT =
      Flag.toggle("no-wait", "Do not wait until the system has booted");
  private static final Flag<Integer> WAIT =
      Flag.of("wait", "int", "How many seconds to wait for that (default 120)", Values::seconds);
  private static final Manual MANUAL =
      new Manual(
          "launch",
          "[OPTIONS] ROOT [NAME]",
          "Create a container with a whole system, and boot it",
          """
          Returns when the system inside says that it has booted, and prints the
          container's name. ROOT is as for 'kapsel run'; debian/SUITE, such as
          debian/bookworm, is made from the Debian archive when it is not there.
          """,
          FlagSet.of(flags()),
          new Operands(1, 2));

  private static Flag<?>[] flags() {
    List<Flag<?>> all = new ArrayList<>(RunFlags.ofLaunch());
    all.addAll(List.of(EPHEMERAL, NO_WAIT, WAIT));
    return all.toArray(Flag<?>[]::new);
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    ContainerSpec spec = spec(call);
    Engine.Container container =
        CreateCommand.create(call, spec, () -> call.engine().createToStart(spec));
    container.start();
    call.tell(container);
    call.print(container.name());
    return call.arguments().is(NO_WAIT) ? 0 : await(call, container);
  }

  private static ContainerSpec spec(Call call) {
    String root = call.operands().getFirst();
    var debian = DEBIAN.matcher(root);
    if (debian.matches()) {
      root = root + ":system";
      ensureDebian(call, debian.group(1), root);
    }
    ContainerSpecBuilder spec = SpecReader.system(call.arguments(), call.request(), root);
    if (call.operands().size() > 1) {
      String name = call.operands().get(1);
      spec.name(name);
      if (call.arguments().last(RunFlags.HOSTNAME).isEmpty() && HOSTNAME.matcher(name).matches()) {
        spec.hostname(name);
      }
    }
    spec.autoRemove(call.arguments().is(EPHEMERAL));
    ContainerSpec whole = spec.build();
    return whole.root() instanceof RootSource.Image ? whole : spec.command(INIT).build();
  }

  private static void ensureDebian(Call call, String suite, String name) {
    if (call.engine().images().store().find(name, Platform.host()).isPresent()) {
      return;
    }
    DebianRequest request =
        new DebianRequest(
            suite,
            DebianRequest.Variant.SYSTEM,
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Optional.empty());
    var _ = ImageCreateCommand.create(call, request, Reference.parse(name));
  }

  private static int await(Call call, Engine.Container container) {
    int seconds = call.arguments().last(WAIT).orElse(PATIENCE);
    boolean ready = call.client().waiting(() -> container.awaitReady(Duration.ofSeconds(seconds)));
    if (ready) {
      return 0;
    }
    ContainerStatus status = container.status();
    if (status.phase() == ContainerStatus.Phase.EXITED) {
      throw new CommandException(
          1,
          "cannot boot '%s': its init has ended with exit code %s; look at 'kapsel logs %s'"
              .formatted(
                  container.name(),
                  status.exit().map(ExitStatus::code).orElse(0),
                  container.name()));
    }
    String said = container.initStatus();
    throw new CommandException(
        1,
        "cannot wait for '%s': it has not booted within %s seconds%s; look at 'kapsel logs %s'"
            .formatted(
                container.name(),
                seconds,
                said.isEmpty() ? "" : ", its init says '" + Text.escape(said) + "'",
                container.name()));
  }
}
