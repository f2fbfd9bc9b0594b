package io.kapsel.engine;

import io.kapsel.base.JsonException;
import io.kapsel.linux.seccomp.SeccompException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Process;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.AsWritten;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.CgroupPlace;
import io.kapsel.runtime.ContainerRuntime;
import io.kapsel.runtime.LaunchException;
import io.kapsel.runtime.Stdio;
import io.kapsel.runtime.plan.LaunchPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The plan of a bundle that nobody has started. */
final class BundleExplanation {
  private BundleExplanation() {}

  static LaunchPlan of(Path directory, ContainerRuntime runtime) {
    String id = directory.normalize().getFileName() == null ? "bundle" : name(directory);
    try {
      Spec spec = Spec.parse(Files.readAllBytes(directory.resolve("config.json")));
      String path = spec.linux().flatMap(Linux::cgroupsPath).orElse("");
      CgroupPlace place = CgroupPlace.of(runtime.facts().cgroups(), path, id, Map.of());
      boolean terminal = spec.process().map(Process::terminal).orElse(false);
      return runtime.plan(
          Bundle.written(
              id,
              spec,
              new AsWritten(directory, place, true),
              new Stdio(terminal, true, false, 0, 0),
              directory,
              0));
    } catch (IOException e) {
      throw new EngineException.Invalid(
          "explain", directory.toString(), "there is no readable config.json in it");
    } catch (JsonException
        | InvalidSpecException
        | LaunchException
        | SeccompException
        | IllegalArgumentException e) {
      throw new EngineException.Invalid("explain", directory.toString(), "" + e.getMessage());
    }
  }

  private static String name(Path directory) {
    return directory.normalize().getFileName().toString();
  }
}
