package io.kapsel.ocicli;

import io.kapsel.base.Json;
import io.kapsel.oci.Features;
import io.kapsel.runtime.CriuProgram;
import io.kapsel.runtime.HostFeatures;
import io.kapsel.runtime.criu.CriuException;
import java.util.List;

/** {@code features}: what this build can do on this host (runtime-spec, features.md). */
final class FeaturesCommand implements Command {
  @Override
  public String name() {
    return "features";
  }

  @Override
  public String operands() {
    return "";
  }

  @Override
  public String meaning() {
    return "show what this build can do on this host";
  }

  @Override
  public Arity arity() {
    return Arity.NONE;
  }

  @Override
  public List<Option> options() {
    return List.of();
  }

  @Override
  public int run(Call call) {
    Features features = HostFeatures.of(call.runtime().facts(), checkpoints(call));
    call.caller().out(Json.print(features) + "\n");
    return 0;
  }

  /** A CRIU that is there need not fit the kernel, and says so when it is asked. */
  private static boolean checkpoints(Call call) {
    try {
      String path = call.caller().variable("PATH").orElse("");
      return call.who().isRoot() && CriuProgram.find(path).complaint().isEmpty();
    } catch (CriuException e) {
      return false; // there is none
    }
  }
}
