package io.kapsel.cli.command.system;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.container.ContainerRow;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.HealthStatus;
import io.kapsel.runtime.GroupUsage;
import io.kapsel.runtime.LaunchException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** {@code kapsel system metrics}: figures in the text format of Prometheus, at one moment. */
public final class MetricsCommand implements Command {
  private static final double NANOS = 1e9;
  private static final double MILLIS = 1e3;
  private static final Manual MANUAL =
      new Manual(
          "system metrics",
          "",
          "Print figures for Prometheus",
          """
          In its text format, version 0.0.4: for a web server that calls this, or for the
          textfile collector of the node exporter. Nothing is counted while nobody asks.
          """,
          FlagSet.of(),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    call.client().out(text(call.engine()));
    return 0;
  }

  /** The figures of this moment. */
  public static String text(Engine engine) {
    Families families = new Families();
    families.add(
        "kapsel_build_info",
        "gauge",
        "The build of the engine.",
        Map.of("version", VersionCommand.version()),
        1);
    List<Engine.Container> all = engine.containers();
    Map<String, Integer> states = new TreeMap<>();
    all.forEach(it -> states.merge(ContainerRow.state(it.status()), 1, Integer::sum));
    states.forEach((state, count) ->
        families.add(
            "kapsel_containers", "gauge", "Containers by state.", Map.of("state", state), count));
    all.forEach(it -> container(families, it));
    families.add(
        "kapsel_images", "gauge", "Images in the store.", Map.of(), engine.images().list().size());
    return families.text();
  }

  private static void container(Families families, Engine.Container it) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("id", it.id());
    labels.put("name", it.name());
    labels.put("image", it.spec().root().toString());
    ContainerStatus status = it.status();
    families.add(
        "kapsel_container_running",
        "gauge",
        "Whether the container runs.",
        labels,
        status.phase() == Phase.RUNNING ? 1 : 0);
    families.add(
        "kapsel_container_restarts",
        "gauge",
        "How often in a row its policy has started it again.",
        labels,
        status.restartCount());
    status
        .startedAt()
        .ifPresent(at ->
            families.add(
                "kapsel_container_start_time_seconds",
                "gauge",
                "When it was started last.",
                labels,
                at.toEpochMilli() / MILLIS));
    status
        .health()
        .ifPresent(health ->
            families.add(
                "kapsel_container_healthy",
                "gauge",
                "Whether the last looks say that it works.",
                labels,
                health.state() == HealthStatus.State.HEALTHY ? 1 : 0));
    status
        .last()
        .ifPresent(end -> {
          families.add(
              "kapsel_container_last_exit_code",
              "gauge",
              "Exit code of its last end.",
              labels,
              end.exit().code());
          families.add(
              "kapsel_container_last_oom_kills",
              "gauge",
              "Processes killed for want of memory before its last end.",
              labels,
              end.oomKills());
        });
    usage(it, status).ifPresent(used -> usage(families, labels, used));
  }

  /** One that ends at this moment has no figures. */
  private static Optional<GroupUsage> usage(Engine.Container it, ContainerStatus status) {
    if (status.phase() != Phase.RUNNING) {
      return Optional.empty();
    }
    try {
      return Optional.of(it.usage());
    } catch (EngineException | LaunchException _) {
      return Optional.empty();
    }
  }

  private static void usage(Families families, Map<String, String> labels, GroupUsage used) {
    families.add(
        "kapsel_container_cpu_seconds_total",
        "counter",
        "Processor time since its start.",
        labels,
        used.cpuNanos() / NANOS);
    families.add(
        "kapsel_container_memory_bytes",
        "gauge",
        "Memory, without what the kernel can drop at once.",
        labels,
        used.memory());
    used.memoryLimit()
        .ifPresent(limit ->
            families.add(
                "kapsel_container_memory_limit_bytes",
                "gauge",
                "Memory that it may use.",
                labels,
                limit));
    families.add("kapsel_container_tasks", "gauge", "Processes and threads.", labels, used.tasks());
    families.add(
        "kapsel_container_io_read_bytes_total",
        "counter",
        "Read from block devices.",
        labels,
        used.io().read());
    families.add(
        "kapsel_container_io_written_bytes_total",
        "counter",
        "Written to block devices.",
        labels,
        used.io().written());
  }

  /** Samples by the name of their metric: all of one name have to stand together. */
  private static final class Families {
    private final Map<String, StringBuilder> byName = new LinkedHashMap<>();

    void add(String name, String type, String help, Map<String, String> labels, Number value) {
      StringBuilder text =
          byName.computeIfAbsent(
              name,
              it ->
                  new StringBuilder("# HELP " + it + " " + help + "\n# TYPE " + it + " " + type)
                      .append('\n'));
      text.append(name);
      if (!labels.isEmpty()) {
        StringBuilder inside = new StringBuilder();
        labels.forEach((key, of) ->
            inside
                .append(inside.isEmpty() ? "" : ",")
                .append(key)
                .append("=\"")
                .append(escape(of))
                .append('"'));
        text.append('{').append(inside).append('}');
      }
      text.append(' ').append(value);
      text.append('\n');
    }

    private static String escape(String text) {
      return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    String text() {
      return String.join("", byName.values());
    }
  }
}
