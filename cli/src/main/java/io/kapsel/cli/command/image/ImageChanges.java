package io.kapsel.cli.command.image;

import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.oci.image.ImageConfig.Execution;
import io.kapsel.oci.image.ImageConfig.Nothing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code --change} of {@code commit} and {@code import}: instructions as a Dockerfile has them. */
public final class ImageChanges {
  private static final Pattern STRING = Pattern.compile("\\s*\"((?:[^\"\\\\]|\\\\.)*)\"\\s*(,|$)");

  private ImageChanges() {}

  public static Execution apply(List<String> changes, Execution before) {
    Execution after = before;
    for (String each : changes) {
      String[] parts = each.strip().split("\\s+", 2);
      after = apply(parts[0].toUpperCase(Locale.ROOT), parts.length > 1 ? parts[1] : "", after);
    }
    return after;
  }

  private static Execution apply(String word, String value, Execution it) {
    Optional<String> text = Optional.of(value);
    return switch (word) {
      case "CMD" -> with(it, it.user(), it.env(), it.entrypoint(), words(value), it.labels());
      case "ENTRYPOINT" -> with(it, it.user(), it.env(), words(value), it.cmd(), it.labels());
      case "USER" -> with(it, text, it.env(), it.entrypoint(), it.cmd(), it.labels());
      case "ENV" ->
          with(it, it.user(), variables(it, value), it.entrypoint(), it.cmd(), it.labels());
      case "LABEL" -> with(it, it.user(), it.env(), it.entrypoint(), it.cmd(), labels(it, value));
      case "WORKDIR" -> places(it, it.exposedPorts(), it.volumes(), text, it.stopSignal());
      case "STOPSIGNAL" -> places(it, it.exposedPorts(), it.volumes(), it.workingDir(), text);
      case "EXPOSE" ->
          places(
              it,
              added(it.exposedPorts(), value.contains("/") ? value : value + "/tcp"),
              it.volumes(),
              it.workingDir(),
              it.stopSignal());
      case "VOLUME" ->
          places(
              it, it.exposedPorts(), added(it.volumes(), value), it.workingDir(), it.stopSignal());
      default ->
          throw new InvalidRequestException(
              "'"
                  + word
                  + "' cannot be changed; use CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL,"
                  + " USER, VOLUME or WORKDIR");
    };
  }

  private static Execution with(
      Execution it,
      Optional<String> user,
      List<String> env,
      List<String> entrypoint,
      List<String> cmd,
      Map<String, String> labels) {
    return new Execution(
        user,
        it.exposedPorts(),
        env,
        entrypoint,
        cmd,
        it.volumes(),
        it.workingDir(),
        labels,
        it.stopSignal(),
        it.healthcheck(),
        it.shell(),
        it.onBuild());
  }

  private static Execution places(
      Execution it,
      Map<String, Nothing> ports,
      Map<String, Nothing> volumes,
      Optional<String> directory,
      Optional<String> signal) {
    return new Execution(
        it.user(),
        ports,
        it.env(),
        it.entrypoint(),
        it.cmd(),
        volumes,
        directory,
        it.labels(),
        signal,
        it.healthcheck(),
        it.shell(),
        it.onBuild());
  }

  private static Map<String, Nothing> added(Map<String, Nothing> before, String key) {
    Map<String, Nothing> after = new LinkedHashMap<>(before);
    after.put(key, new Nothing());
    return after;
  }

  private static List<String> variables(Execution it, String value) {
    String[] pair = pair(value);
    List<String> env = new ArrayList<>(it.env());
    env.removeIf(each -> each.startsWith(pair[0] + "="));
    env.add(pair[0] + "=" + pair[1]);
    return env;
  }

  private static Map<String, String> labels(Execution it, String value) {
    String[] pair = pair(value);
    Map<String, String> labels = new LinkedHashMap<>(it.labels());
    labels.put(pair[0], pair[1]);
    return labels;
  }

  private static String[] pair(String value) {
    String[] parts = value.split("[=\\s]", 2);
    if (parts.length < 2 || parts[0].isEmpty()) {
      throw new InvalidRequestException("'" + value + "' is not KEY=value");
    }
    String quoted = parts[1].strip();
    boolean marks = quoted.length() > 1 && quoted.startsWith("\"") && quoted.endsWith("\"");
    return new String[] {parts[0], marks ? quoted.substring(1, quoted.length() - 1) : quoted};
  }

  /** A list in JSON, or a line for the shell. */
  private static List<String> words(String value) {
    if (!value.startsWith("[") || !value.endsWith("]")) {
      return List.of("/bin/sh", "-c", value);
    }
    List<String> words = new ArrayList<>();
    Matcher each = STRING.matcher(value.substring(1, value.length() - 1));
    while (each.lookingAt()) {
      words.add(each.group(1).replaceAll("\\\\(.)", "$1"));
      each.region(each.end(), each.regionEnd());
    }
    return words;
  }
}
