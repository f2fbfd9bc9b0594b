package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.spec.NetworkFlags;
import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.Devices;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.network.Attachment;
import io.kapsel.network.HostLink;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kapsel device}: what of the host a container has, changed while it runs. */
public final class DeviceCommands {
  private DeviceCommands() {}

  public static Command group() {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put("add", new Add());
    all.put("ls", new Show());
    all.put("rm", new Remove());
    return new GroupCommand(
        "device", "Give disks, devices and networks to a running container", all);
  }

  /** {@code kapsel device add}. */
  private static final class Add implements Command {
    private static final Flag<String> NETWORK =
        Flag.text("network", "network", "Join a network, with an interface of its own");
    private static final Flag<String> NIC =
        Flag.text(
            "nic",
            "link[:name]",
            "Move an interface of the host inside, and back when it is removed or the container"
                + " ends");
    private static final Manual MANUAL =
        new Manual(
            "device add",
            "[OPTIONS] CONTAINER",
            "Give a container something of the host",
            """
            At once where it runs, and each time that it is started. Directories and files
            keep their owners as the container sees them. A device may be opened as its
            access says, and loses that when it is removed.
            """,
            FlagSet.of(RunFlags.VOLUME, RunFlags.MOUNT, RunFlags.DEVICE, NETWORK, NIC),
            new Operands(1, 1));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      Engine.Container container = call.engine().container(call.operands().getFirst());
      List<MountRequest> mounts = new ArrayList<>();
      List<DeviceRequest> devices = new ArrayList<>();
      List<String> networks = call.arguments().all(NETWORK);
      read(call.arguments(), call.request().directory(), mounts, devices);
      List<HostLink> links =
          NetworkFlags.checked(
              () -> call.arguments().all(NIC).stream().map(HostLink::parse).toList());
      if (mounts.isEmpty() && devices.isEmpty() && networks.isEmpty() && links.isEmpty()) {
        throw new CommandException(
            125, "nothing to add: use --volume, --mount, --device, --network or --nic");
      }
      for (MountRequest mount : mounts) {
        container
            .devices()
            .add(mount)
            .forEach(each -> call.client().err("kapsel: notice: " + each + "\n"));
        call.print(mount.target());
      }
      for (DeviceRequest device : devices) {
        container.devices().add(device);
        call.print(device.container());
      }
      for (String network : networks) {
        container.connect(Attachment.to(network));
        call.print(network);
      }
      for (HostLink link : links) {
        container.devices().add(link);
        call.print(link.inside());
      }
      return 0;
    }

    private static void read(
        Arguments arguments, Path directory, List<MountRequest> mounts, List<DeviceRequest> all) {
      try {
        for (String text : arguments.all(RunFlags.VOLUME)) {
          mounts.add(MountRequest.parseVolume(text, directory));
        }
        for (String text : arguments.all(RunFlags.MOUNT)) {
          mounts.add(MountRequest.parseMount(text, directory));
        }
        arguments.all(RunFlags.DEVICE).forEach(text -> all.add(DeviceRequest.parse(text)));
      } catch (InvalidRequestException e) {
        throw new CommandException(125, String.valueOf(e.getMessage()));
      }
    }
  }

  /** {@code kapsel device ls}. */
  private static final class Show implements Command {
    private static final Manual MANUAL =
        new Manual(
            "device ls",
            "[OPTIONS] [CONTAINER]",
            "List what of the host a container has, or all have",
            "",
            FlagSet.of(Listing.FORMAT),
            new Operands(0, 1));
    private static final Listing LISTING =
        new Listing(
            List.of(".Container", ".Type", ".Place", ".Source", ".Access"),
            Map.of(
                "Container", "CONTAINER",
                "Type", "TYPE",
                "Place", "PLACE",
                "Source", "SOURCE",
                "Access", "ACCESS"));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      List<Struct> rows = new ArrayList<>();
      for (Engine.Container container : call.namedOrAll()) {
        for (Devices.Entry entry : container.devices().list()) {
          rows.add(
              new Struct()
                  .with("Container", container.name())
                  .with("Type", entry.type())
                  .with("Place", entry.place())
                  .with("Source", entry.source())
                  .with("Access", entry.access()));
        }
      }
      LISTING.print(call, call.arguments().last(Listing.FORMAT), rows);
      return 0;
    }
  }

  /** {@code kapsel device rm}. */
  private static final class Remove implements Command {
    private static final Manual MANUAL =
        new Manual(
            "device rm",
            "CONTAINER PLACE [PLACE...]",
            "Take something of the host away from a container",
            "PLACE is where it is seen inside, or the name of a network.\n",
            FlagSet.of(),
            Operands.atLeast(2));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      List<String> words = call.operands();
      Devices devices = call.engine().container(words.getFirst()).devices();
      for (String place : words.subList(1, words.size())) {
        devices.remove(place);
        call.print(place);
      }
      return 0;
    }
  }
}
