package io.kapsel.engine;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.linux.Abi;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.seccomp.SeccompException;
import io.kapsel.linux.seccomp.SeccompFile;
import io.kapsel.linux.seccomp.SeccompProfile;
import java.nio.charset.StandardCharsets;

/** A profile in Docker's JSON: rules that hold only with some capability, processor or kernel. */
final class DockerSeccomp {
  private DockerSeccomp() {}

  /** Reads a profile and takes the rules that hold here. */
  static SeccompProfile read(String json, CapabilitySet capabilities, HostFacts facts) {
    try {
      return Json.read(json.getBytes(StandardCharsets.UTF_8), SeccompFile.class)
          .profile(
              new SeccompFile.Target(
                  Abi.host(), capabilities, facts.kernelMajor(), facts.kernelMinor()));
    } catch (JsonException | SeccompException e) {
      throw new EngineException.Invalid(
          "use", "the seccomp profile", String.valueOf(e.getMessage()));
    }
  }
}
