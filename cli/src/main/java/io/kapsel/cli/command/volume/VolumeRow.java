package io.kapsel.cli.command.volume;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.template.Method;
import io.kapsel.cli.template.NilMap;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.Volume;
import io.kapsel.engine.Volumes;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A volume as lists and {@code inspect} show it, with the fields of Docker. */
public final class VolumeRow {
  private static final String ANONYMOUS = "com.docker.volume.anonymous";

  private VolumeRow() {}

  /** One row; what was not measured is {@code N/A}. */
  static Struct of(Volume it) {
    return of(it, "N/A", "N/A");
  }

  /** The same with who uses it, and its size. */
  public static Struct measured(Volumes volumes, Volume it) {
    return of(
        it, Integer.toString(volumes.users(it).size()), ByteSize.printDecimal(volumes.bytes(it)));
  }

  private static Struct of(Volume it, String links, String size) {
    Map<String, String> labels = labels(it);
    return new Struct()
        .with("Name", it.name())
        .with("Driver", "local")
        .with("Scope", "local")
        .with("Mountpoint", it.content().toString())
        .with(
            "Labels",
            labels.entrySet().stream().map(Object::toString).collect(Collectors.joining(",")))
        .with("Label", (Method) arguments -> labels.getOrDefault(arguments.getFirst(), ""))
        .with("Availability", "N/A")
        .with("Group", "N/A")
        .with("Status", "N/A")
        .with("Links", links)
        .with("Size", size);
  }

  public static Struct inspection(Volume it) {
    return new Struct()
        .with("CreatedAt", it.createdAt().toString())
        .with("Driver", "local")
        .with("Labels", NilMap.unlessEmpty(labels(it)))
        .with("Mountpoint", it.content().toString())
        .with("Name", it.name())
        .with("Options", NilMap.unlessEmpty(new TreeMap<>(it.options())))
        .with("Scope", "local");
  }

  /** By a label, Docker tells which ones nobody has named. */
  static Map<String, String> labels(Volume it) {
    Map<String, String> labels = new TreeMap<>(it.labels());
    if (it.anonymous()) {
      labels.putIfAbsent(ANONYMOUS, "");
    }
    return labels;
  }
}
