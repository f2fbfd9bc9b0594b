package io.kapsel.ocicli;

import io.kapsel.base.Json;
import java.util.List;

/** {@code state}: what a container is doing, as JSON. */
final class StateCommand implements Command {
  @Override
  public String name() {
    return "state";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return "print the state of a container";
  }

  @Override
  public List<Option> options() {
    return List.of();
  }

  @Override
  public Arity arity() {
    return Arity.ONE;
  }

  @Override
  public int run(Call call) {
    call.caller().out(Json.print(call.store().find(call.id()).shown()) + "\n");
    return 0;
  }
}
