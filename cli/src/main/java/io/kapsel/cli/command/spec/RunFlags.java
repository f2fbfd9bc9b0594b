package io.kapsel.cli.command.spec;

import io.kapsel.base.GoDuration;
import io.kapsel.cli.command.DetachKeys;
import io.kapsel.cli.command.RefusedFlags;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.command.Times;
import io.kapsel.cli.command.image.ImageSource;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.Values;
import io.kapsel.engine.spec.RestartPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The flags of {@code create}, {@code run} and {@code explain run}: what a container may be. */
public final class RunFlags {
  public static final Flag<Boolean> INTERACTIVE =
      Flag.toggle('i', "interactive", "Keep standard input open");
  public static final Flag<Boolean> TTY = Flag.toggle('t', "tty", "Give the container a terminal");
  public static final Flag<Boolean> DETACH =
      Flag.toggle('d', "detach", "Run in the background and print the container's id");
  static final Flag<Boolean> REMOVE =
      Flag.toggle("rm", "Remove the container when its process has ended");
  public static final Flag<Boolean> SIGNAL_PROXY =
      Flag.toggle(
          "sig-proxy", "Pass signals on to the process, unless it has a terminal (default true)");
  static final Flag<String> NAME = Flag.text("name", "string", "Name of the container");
  static final Flag<Path> ID_FILE =
      Flag.of("cidfile", "string", "Write the container's id to this new file", Path::of);

  static final Flag<String> ENVIRONMENT =
      Flag.text('e', "env", "list", "Set an environment variable: NAME=value, or NAME for yours");
  static final Flag<Path> ENVIRONMENT_FILE =
      Flag.of("env-file", "list", "Set the environment variables in this file", Path::of);
  static final Flag<String> LABEL =
      Flag.text('l', "label", "list", "Label the container: KEY=value");
  static final Flag<Path> LABEL_FILE =
      Flag.of("label-file", "list", "Label the container with the lines of this file", Path::of);
  static final Flag<String> ANNOTATION =
      Flag.text("annotation", "map", "Note for the runtime: KEY=value");
  static final Flag<String> DIRECTORY =
      Flag.text('w', "workdir", "string", "Working directory inside the container");
  static final Flag<String> USER =
      Flag.text('u', "user", "string", "User and group: <name|uid>[:<group|gid>]");
  static final Flag<String> GROUP = Flag.text("group-add", "list", "Add a supplementary group");
  public static final Flag<String> HOSTNAME =
      Flag.text('h', "hostname", "string", "Host name inside");
  static final Flag<String> DOMAIN_NAME =
      Flag.text("domainname", "string", "NIS domain name inside");
  static final Flag<String> ENTRYPOINT =
      Flag.text("entrypoint", "string", "Program to run instead of the root's own");
  static final Flag<Boolean> SYSTEM =
      Flag.toggle("system", "Boot a whole system: the command is an init, such as systemd");
  static final Flag<Integer> TTYS =
      Flag.of(
          "ttys",
          "number",
          "Terminals of a whole system besides its console (default 0)",
          Values::natural);
  static final Flag<Boolean> NESTING =
      Flag.toggle("nesting", "Let a whole system run containers itself");
  public static final Flag<String> PROFILE =
      Flag.text("profile", "list", "Options that stand under this name, see 'kapsel profile'");
  public static final Flag<Long> START_ORDER =
      Flag.of(
          "start-order",
          "int",
          "Its place among those that --restart starts with the engine, lower ones first",
          Values::integer);
  public static final Flag<Integer> START_DELAY =
      Flag.of("start-delay", "int", "Seconds that the next one waits after it", Values::seconds);
  static final Flag<Duration> SNAPSHOT_EVERY =
      Flag.of(
          "snapshot-every",
          "duration",
          "Keep it as it is that often while it runs, such as 24h",
          Times::duration);
  public static final Flag<Duration> SNAPSHOT_KEEP =
      Flag.of(
          "snapshot-keep",
          "duration",
          "Remove such a snapshot after that long, such as 168h",
          Times::duration);
  static final Flag<String> INTERCEPT =
      Flag.text(
          "intercept",
          "list",
          "System calls answered or done for a whole system: sysinfo, affinity, mknod, mount=TYPE,"
              + " setxattr");
  static final Flag<Boolean> INIT =
      Flag.toggle("init", "Run a tiny init that passes signals on and reaps processes");
  static final Flag<String> STOP_SIGNAL =
      Flag.text("stop-signal", "string", "Signal that asks the process to stop");
  static final Flag<Integer> STOP_TIMEOUT =
      Flag.of("stop-timeout", "int", "Seconds to wait before it is killed", Values::seconds);

  public static final Flag<String> VOLUME =
      Flag.text('v', "volume", "list", "Bind a path or mount a volume: SOURCE:TARGET[:ro,…]");
  public static final Flag<String> MOUNT =
      Flag.text("mount", "mount", "Attach a file system: type=bind|tmpfs|volume,src=…,dst=…");
  static final Flag<String> TMPFS =
      Flag.text("tmpfs", "list", "Mount a tmpfs: TARGET[:size=…,mode=…]");
  static final Flag<Boolean> READ_ONLY =
      Flag.toggle("read-only", "Make the root file system read-only");
  static final Flag<Long> SHARED_MEMORY =
      Flag.of("shm-size", "bytes", "Size of /dev/shm (default 64m)", Values::size);

  static final Flag<Boolean> PRIVILEGED =
      Flag.toggle("privileged", "Give the container nearly all rights on the host");
  static final Flag<String> CAPABILITY_ADD =
      Flag.text("cap-add", "list", "Add a capability, or ALL");
  static final Flag<String> CAPABILITY_DROP =
      Flag.text("cap-drop", "list", "Drop a capability, or ALL");
  static final Flag<String> SECURITY =
      Flag.text(
          "security-opt",
          "list",
          "seccomp=FILE|unconfined, no-new-privileges,\napparmor=PROFILE|unconfined, label=…,"
              + "\nsystempaths=unconfined, writable-cgroups, nesting");
  public static final Flag<String> DEVICE =
      Flag.text("device", "list", "Add a device: HOST[:CONTAINER][:rwm]");
  static final Flag<String> DEVICE_RULE =
      Flag.text("device-cgroup-rule", "list", "Let it use such devices: 'c 13:* rwm'");

  public static final Flag<Long> MEMORY =
      Flag.of("memory", "bytes", "Memory limit", Values::size).shorthand('m');
  public static final Flag<Long> MEMORY_SWAP =
      Flag.of(
          "memory-swap",
          "bytes",
          "Limit of memory and swap, -1: no limit",
          Values::sizeOrUnlimited);
  public static final Flag<Long> MEMORY_RESERVATION =
      Flag.of("memory-reservation", "bytes", "Memory to protect from reclaim", Values::size);
  static final Flag<Long> SWAPPINESS =
      Flag.of(
          "memory-swappiness",
          "int",
          "Tendency to swap, 0 to 100; only where control groups are v1",
          Values::swappiness);
  static final Flag<Boolean> NO_OOM_KILL =
      Flag.toggle("oom-kill-disable", "Stand still instead; only where control groups are v1");
  public static final Flag<Long> CPUS =
      Flag.of("cpus", "decimal", "Number of processors, such as 0.5", Values::nanoCpus);
  public static final Flag<Long> CPU_SHARES =
      Flag.of("cpu-shares", "int", "Processor weight (default 1024)", Values::integer)
          .shorthand('c');
  public static final Flag<Long> CPU_PERIOD =
      Flag.of("cpu-period", "int", "Length of a scheduling period in µs", Values::integer);
  public static final Flag<Long> CPU_QUOTA =
      Flag.of("cpu-quota", "int", "Processor time in each period in µs", Values::integer);
  public static final Flag<String> CPU_SET =
      Flag.text("cpuset-cpus", "string", "Processors to run on: 0-3 or 0,1");
  public static final Flag<String> MEMORY_NODES =
      Flag.text("cpuset-mems", "string", "Memory nodes to use: 0-3 or 0,1");
  public static final Flag<Long> PIDS =
      Flag.of("pids-limit", "int", "Most processes and threads, -1: no limit", Values::integer);
  static final Flag<String> ULIMIT =
      Flag.text("ulimit", "ulimit", "Resource limit: NAME=SOFT[:HARD]");
  static final Flag<String> SYSCTL =
      Flag.text("sysctl", "map", "Kernel setting of the container's namespaces: KEY=value");
  static final Flag<Integer> OOM_SCORE =
      Flag.of("oom-score-adj", "int", "Preference of the OOM killer, -1000 to 1000", Values::score);

  static final Flag<String> IPC =
      Flag.text("ipc", "string", "IPC namespace: private, host, container:NAME");
  static final Flag<String> PID =
      Flag.text("pid", "string", "PID namespace: private, host, container:NAME");
  static final Flag<String> UTS = Flag.text("uts", "string", "Host name namespace: private, host");
  static final Flag<String> USER_NAMESPACE =
      Flag.text("userns", "string", "User namespace: private, host");
  static final Flag<String> OWNERS =
      Flag.text("owners", "list", "Whose its files are on the host: u|g|b:INSIDE:HOST:COUNT");
  static final Flag<String> CGROUP_NAMESPACE =
      Flag.text("cgroupns", "string", "Cgroup namespace: private, host");

  static final Flag<String> VOLUMES_FROM =
      Flag.text("volumes-from", "list", "Mount what this container has mounted: NAME[:ro]");
  static final Flag<String> VOLUME_DRIVER =
      Flag.text("volume-driver", "string", "Driver of new volumes: local");
  static final Flag<RestartPolicy> RESTART =
      Flag.of(
          "restart",
          "string",
          "Start it again after its end: no, on-failure[:n], always,\nunless-stopped",
          RestartPolicy::parse);
  static final Flag<String> HEALTH_COMMAND =
      Flag.text(
          "health-cmd",
          "string",
          "How to find out whether it works: a command, http:PORT/PATH,\nor tcp:PORT");
  static final Flag<Duration> HEALTH_INTERVAL =
      Flag.of("health-interval", "duration", "Pause between two looks", GoDuration::parse);
  static final Flag<Duration> HEALTH_TIMEOUT =
      Flag.of("health-timeout", "duration", "How long a look may take", GoDuration::parse);
  static final Flag<Duration> HEALTH_START_PERIOD =
      Flag.of(
          "health-start-period",
          "duration",
          "How long failures do not count after a start",
          GoDuration::parse);
  static final Flag<Duration> HEALTH_START_INTERVAL =
      Flag.of(
          "health-start-interval", "duration", "Pause between two looks then", GoDuration::parse);
  static final Flag<Long> HEALTH_RETRIES =
      Flag.of(
          "health-retries", "int", "How many failures in a row make it unhealthy", Values::integer);
  static final Flag<String> HEALTH_ACTION =
      Flag.text("health-on-unhealthy", "string", "What to do when it is unhealthy: none, restart");
  static final Flag<String> LOG_DRIVER =
      Flag.text(
          "log-driver",
          "string",
          "Where output is kept: local (default), json-file, journald, syslog,\nnone");
  static final Flag<String> LOG_OPTION =
      Flag.text(
          "log-opt", "list", "Option of the log driver: max-size=, max-file=, labels=, env=, tag=");
  static final Flag<Boolean> NO_HEALTH =
      Flag.toggle("no-healthcheck", "Do not look, whatever the image says");

  private static final List<Flag<?>> CREATE =
      List.of(
          ImageSource.QUIET,
          LABEL_FILE,
          ANNOTATION,
          DEVICE_RULE,
          SWAPPINESS,
          NO_OOM_KILL,
          VOLUMES_FROM,
          VOLUME_DRIVER,
          RESTART,
          HEALTH_COMMAND,
          HEALTH_INTERVAL,
          HEALTH_TIMEOUT,
          HEALTH_START_PERIOD,
          HEALTH_START_INTERVAL,
          HEALTH_RETRIES,
          HEALTH_ACTION,
          NO_HEALTH,
          LOG_DRIVER,
          LOG_OPTION,
          INTERACTIVE,
          TTY,
          REMOVE,
          NAME,
          ID_FILE,
          ENVIRONMENT,
          ENVIRONMENT_FILE,
          LABEL,
          DIRECTORY,
          USER,
          GROUP,
          HOSTNAME,
          DOMAIN_NAME,
          ENTRYPOINT,
          ImageSource.PULL,
          ImageSource.PLATFORM,
          SYSTEM,
          PROFILE,
          NESTING,
          TTYS,
          INTERCEPT,
          START_ORDER,
          START_DELAY,
          SNAPSHOT_EVERY,
          SNAPSHOT_KEEP,
          INIT,
          STOP_SIGNAL,
          STOP_TIMEOUT,
          VOLUME,
          MOUNT,
          TMPFS,
          READ_ONLY,
          SHARED_MEMORY,
          PRIVILEGED,
          CAPABILITY_ADD,
          CAPABILITY_DROP,
          SECURITY,
          DEVICE,
          MEMORY,
          MEMORY_SWAP,
          MEMORY_RESERVATION,
          CPUS,
          CPU_SHARES,
          CPU_PERIOD,
          CPU_QUOTA,
          CPU_SET,
          MEMORY_NODES,
          PIDS,
          ULIMIT,
          SYSCTL,
          OOM_SCORE,
          IPC,
          PID,
          UTS,
          USER_NAMESPACE,
          OWNERS,
          CGROUP_NAMESPACE);

  private RunFlags() {}

  /** What {@code create} knows. */
  public static List<Flag<?>> ofCreate() {
    List<Flag<?>> all = new ArrayList<>(CREATE);
    all.addAll(NetworkFlags.ALL);
    all.add(Streams.ATTACH);
    all.addAll(RefusedFlags.OF_CONTAINERS);
    return all;
  }

  /** What {@code launch} knows: all but what makes no sense for a whole system. */
  public static List<Flag<?>> ofLaunch() {
    List<Flag<?>> without =
        List.of(
            INTERACTIVE,
            TTY,
            REMOVE,
            NAME,
            ENTRYPOINT,
            SYSTEM,
            INIT,
            READ_ONLY,
            PID,
            CGROUP_NAMESPACE,
            USER,
            GROUP,
            DIRECTORY);
    return Stream.concat(CREATE.stream(), NetworkFlags.ALL.stream())
        .filter(flag -> !without.contains(flag))
        .toList();
  }

  /** What a profile may hold: no other profile. */
  public static List<Flag<?>> ofProfiles() {
    return ofLaunch().stream().filter(flag -> flag != PROFILE).toList();
  }

  /** What {@code run} knows. */
  public static List<Flag<?>> ofRun() {
    List<Flag<?>> all = ofCreate();
    all.addAll(List.of(DETACH, SIGNAL_PROXY, DetachKeys.FLAG));
    return all;
  }
}
