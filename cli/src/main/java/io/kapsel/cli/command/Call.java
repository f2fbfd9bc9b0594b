package io.kapsel.cli.command;

import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.Request;
import io.kapsel.engine.EngineException;
import java.util.List;
import java.util.function.Consumer;

/** One use of a command. */
public record Call(Engine engine, Request request, Client client, Arguments arguments) {
  /** Prints a line. */
  public void print(String line) {
    client.out(line + "\n");
  }

  /** Tells what went wrong. */
  public void complain(String message) {
    client.err("kapsel: " + message + "\n");
  }

  /** The words after the command and its flags. */
  public List<String> operands() {
    return arguments.operands();
  }

  /** The containers that the operands name, or all where there are none. */
  public List<Engine.Container> namedOrAll() {
    return operands().isEmpty()
        ? engine.containers()
        : operands().stream().map(engine::container).toList();
  }

  /**
   * Does something to each container that is named and prints its name as it was given; one failure
   * does not stop the rest.
   */
  public int forEach(Consumer<Engine.Container> action) {
    return forEach(operands(), action);
  }

  /** The same with those that have these names. */
  public int forEach(List<String> references, Consumer<Engine.Container> action) {
    int exitCode = 0;
    for (String reference : references) {
      try {
        action.accept(engine.container(reference));
        print(reference);
      } catch (EngineException e) {
        complain(String.valueOf(e.getMessage()));
        exitCode = 1;
      }
    }
    return exitCode;
  }

  /** Tells what is not as it was asked for. */
  public void tell(Engine.Running process) {
    process.notices().forEach(notice -> client.err("kapsel: notice: " + notice + "\n"));
  }
}
