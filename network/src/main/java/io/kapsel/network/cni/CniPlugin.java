package io.kapsel.network.cni;

import io.kapsel.base.JsonException;
import io.kapsel.base.JsonTree;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.HostProgram;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A plugin, called once for each thing that it is to do (sections 2 and 3). */
final class CniPlugin {
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int LONGEST_COMPLAINT = 2000;

  private final String type;
  private final Path program;
  private final String path;

  CniPlugin(String type, CniPlaces places) {
    this.type = type;
    this.program = places.program(type);
    this.path = places.path();
  }

  /**
   * Does what a command means; what it answers.
   *
   * @param held open as long as it runs
   */
  String call(String command, List<String> parameters, Map<String, Object> config, List<Fd> held) {
    List<String> environment = new ArrayList<>(parameters);
    environment.add("PATH=" + PATH);
    environment.add("CNI_PATH=" + path);
    environment.add("CNI_COMMAND=" + command);
    byte[] input = JsonTree.write(config).getBytes(StandardCharsets.UTF_8);
    try {
      HostProgram.Answered answered =
          HostProgram.ask(List.of(program.toString()), environment, input, held, LIMIT);
      boolean well = answered.status().filter(it -> it.raw() == 0).isPresent();
      if (!well) {
        throw failed(command, reason(answered));
      }
      return answered.answer();
    } catch (SyscallException e) {
      throw new CniException("plugin '%s': %s".formatted(type, e.getMessage()), e);
    }
  }

  /** The same failure, and whose it is. */
  CniException failed(String command, String reason) {
    return new CniException("plugin '%s' has failed at %s: %s".formatted(type, command, reason));
  }

  private static String reason(HostProgram.Answered answered) {
    if (answered.status().isEmpty()) {
      return "it has not ended after " + LIMIT.toSeconds() + " s";
    }
    int signal = answered.status().get().signal();
    String how =
        signal == 0 ? "exit code " + answered.status().get().code() : "killed by signal " + signal;
    return said(answered.answer())
        .orElseGet(() -> {
          String complaint = (answered.answer() + answered.complaint()).strip();
          return complaint.isEmpty()
              ? how
              : complaint.substring(0, Math.min(complaint.length(), LONGEST_COMPLAINT))
                  + " ("
                  + how
                  + ")";
        });
  }

  /** The error that a plugin has put into the form that it should have. */
  private static Optional<String> said(String answer) {
    try {
      Map<String, Object> error =
          CniList.object(JsonTree.read(answer.getBytes(StandardCharsets.UTF_8)));
      return CniList.text(error, "msg")
          .map(words ->
              words
                  + CniList.text(error, "details")
                      .filter(it -> !it.isBlank())
                      .map(it -> ": " + it)
                      .orElse("")
                  + (error.get("code") instanceof Long code ? " (code " + code + ")" : ""));
    } catch (JsonException | CniException _) {
      return Optional.empty();
    }
  }

  /** Which versions of the specification it knows. */
  List<String> versions() {
    String answer = call("VERSION", List.of(), Map.of("cniVersion", CniVersion.OWN), List.of());
    try {
      Map<String, Object> all =
          CniList.object(JsonTree.read(answer.getBytes(StandardCharsets.UTF_8)));
      return all.get("supportedVersions") instanceof List<?> some
          ? some.stream().map(String::valueOf).toList()
          : List.of();
    } catch (JsonException | CniException e) {
      throw failed("VERSION", "its answer makes no sense: " + e.getMessage());
    }
  }
}
