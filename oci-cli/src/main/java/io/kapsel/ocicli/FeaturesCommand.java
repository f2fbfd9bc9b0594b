package io.kapsel.ocicli;

import io.kapsel.base.Json;
import io.kapsel.runtime.HostFeatures;
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
    call.caller().out(Json.print(HostFeatures.of(call.runtime().facts())) + "\n");
    return 0;
  }
}
