package io.kapsel.ocicli;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.process.Pidfd;
import io.kapsel.oci.Process;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.CgroupPlace;
import io.kapsel.runtime.ContainerProcess;
import io.kapsel.runtime.Guest;
import io.kapsel.runtime.GuestRuntime.Begun;
import io.kapsel.runtime.GuestRuntime.Started;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.Stdio;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code exec}: one more program in a container that runs. */
final class ExecCommand implements Command {
  private static final int FAILED = 255;

  @Override
  public String name() {
    return "exec";
  }

  @Override
  public String operands() {
    return "<container-id> <command> [args...]";
  }

  @Override
  public String meaning() {
    return "run another program in a container";
  }

  @Override
  public Arity arity() {
    return Arity.atLeast(1);
  }

  @Override
  public List<Option> options() {
    return ExecProcess.OPTIONS;
  }

  @Override
  public int failure() {
    return FAILED;
  }

  @Override
  public int run(Call call) {
    try {
      return exec(call);
    } catch (OciException e) {
      throw new OciException(FAILED, "exec failed: " + e.text(), e);
    }
  }

  private static int exec(Call call) {
    Container container = call.store().find(call.id());
    switch (container.status()) {
      case STOPPED -> throw new OciException("cannot exec in a stopped container");
      case PAUSED -> {
        if (!call.words().is("ignore-paused")) {
          throw new OciException(
              "cannot exec in a paused container (use --ignore-paused to override)");
        }
      }
      case CREATED, RUNNING -> {}
    }
    Pidfd init =
        container.init().orElseThrow(() -> new OciException("cannot exec in a stopped container"));
    try (init) {
      return exec(call, container, init);
    }
  }

  private static int exec(Call call, Container container, Pidfd init) {
    Spec spec = container.configuration();
    Process process = Inherited.adjust(call, ExecProcess.of(call, spec));
    boolean detached = call.words().is("detach");
    Optional<String> console = call.words().text("console-socket");
    Terminals.check(process.terminal(), detached, console);
    Guest guest =
        new Guest(
            Inherited.count(call),
            detached,
            Optional.empty(),
            console.map(each -> call.places().absolute(each).toString()));
    List<Path> groups = joinable(call, groups(container.groups(), call.words().all("cgroup")));
    try (Foreground foreground = new Foreground(process.terminal() && !detached);
        Begun launcher = call.runtime().begin(call.caller(), guest.kept())) {
      Started started = start(call, container, process, guest, init, groups, foreground, launcher);
      try (Fd fd = started.process()) {
        CreateCommand.announce(call, fd, started.pid());
        new Trace(call.log(), started).entered(process);
      } catch (RuntimeException e) {
        CreateCommand.end(started);
        throw e;
      }
      Optional<ContainerProcess> attended = started.attended();
      return attended.isEmpty() ? 0 : foreground.await(call.caller(), attended.get());
    }
  }

  private static Started start(
      Call call,
      Container container,
      Process process,
      Guest guest,
      Pidfd init,
      List<Path> groups,
      Foreground foreground,
      Begun launcher) {
    Stdio stdio =
        Stdio.of(
            guest,
            process.terminal(),
            process.consoleSize().map(Process.ConsoleSize::height).orElse(call.caller().rows()),
            process.consoleSize().map(Process.ConsoleSize::width).orElse(call.caller().columns()));
    Bundle bundle = container.bundle();
    try {
      return call.runtime()
          .exec(
              launcher,
              init,
              bundle,
              process,
              stdio,
              groups,
              guest.detached() ? List.of() : foreground.clients());
    } catch (LaunchException | SyscallException e) {
      throw new OciException(Failures.text("unable to start container process", process, e), e);
    }
  }

  /** A program of a user may be in other groups than its container, but root's is in them all. */
  private static List<Path> joinable(Call call, List<Path> groups) {
    if (!call.rootless()) {
      return groups;
    }
    Path own = Path.of("/proc", Integer.toString(call.caller().pid()), "cgroup");
    CgroupHost host = call.runtime().facts().cgroups();
    Joining joining = new Joining(host, CgroupPlace.own(ProcessFacts.read(own)));
    return groups.stream()
        .filter(group ->
            host.unified().filter(group::startsWith).isPresent()
                ? joining.movable(group)
                : Files.isWritable(group.resolve("tasks")))
        .toList();
  }

  /** Each {@code [controller[,controller]:]path} leads to a group below the container's. */
  private static List<Path> groups(Groups groups, List<String> below) {
    below.forEach(word -> checkControllers(groups, word));
    List<Path> all = new ArrayList<>();
    groups
        .paths()
        .forEach((hierarchy, path) -> {
          Path group = Path.of(path);
          for (String each : below) {
            int colon = each.indexOf(':');
            boolean meant =
                colon < 0 || List.of(each.substring(0, colon).split(",")).contains(hierarchy);
            if (meant) {
              group = Path.of(path + "/" + each.substring(colon + 1)).normalize();
              check(group, Path.of(path), each);
            }
          }
          if (!all.contains(group) && Files.isDirectory(group)) {
            all.add(group);
          }
        });
    return all;
  }

  private static void checkControllers(Groups groups, String word) {
    int colon = word.indexOf(':');
    for (String each :
        colon < 0 ? List.<String>of() : List.of(word.substring(0, colon).split(","))) {
      if (!groups.paths().containsKey(each)) {
        throw new OciException("unknown controller " + each + " in --cgroup " + word);
      }
    }
  }

  private static void check(Path group, Path container, String word) {
    if (!group.startsWith(container)) {
      throw new OciException("bad sub cgroup path: " + word + " is not below the container's");
    }
    if (!Files.isDirectory(group)) {
      throw new OciException("error adding pid to " + group + ": no such file or directory");
    }
  }
}
