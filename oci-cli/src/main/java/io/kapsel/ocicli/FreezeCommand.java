package io.kapsel.ocicli;

import java.util.List;

/** {@code pause} and {@code resume}: stops all processes of a container, and lets them go on. */
final class FreezeCommand implements Command {
  private final boolean frozen;

  FreezeCommand(boolean frozen) {
    this.frozen = frozen;
  }

  @Override
  public String name() {
    return frozen ? "pause" : "resume";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return frozen ? "stop all processes of a container" : "let a paused container go on";
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
    Container container = call.store().find(call.id());
    Status status = container.status();
    if (frozen && status != Status.RUNNING && status != Status.CREATED) {
      throw new OciException("container not running");
    }
    if (!frozen && status != Status.PAUSED) {
      throw new OciException("container not paused");
    }
    container.groups().freeze(frozen);
    return 0;
  }
}
