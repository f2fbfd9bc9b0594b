package io.kapsel.cli.template;

import java.util.List;
import java.util.Optional;

/** A part of a template. */
sealed interface Node {
  record Text(String text) implements Node {}

  /** Prints what a pipeline ends in, unless it sets variables. */
  record Action(Pipe pipe) implements Node {}

  record If(Pipe pipe, List<Node> body, List<Node> otherwise) implements Node {}

  record With(Pipe pipe, List<Node> body, List<Node> otherwise) implements Node {}

  record Range(Pipe pipe, List<Node> body, List<Node> otherwise) implements Node {}

  /** A use of what {@code define} has named. */
  record Use(String name, Optional<Pipe> pipe, Place place) implements Node {}

  record Break() implements Node {}

  record Continue() implements Node {}

  /**
   * Commands, each of which takes the result of the one before as its last argument.
   *
   * @param declares whether the variables are new
   */
  record Pipe(List<String> variables, boolean declares, List<Command> commands, Place place) {}

  /** A function or a value, and its arguments. */
  record Command(List<Operand> words, Place place) {}

  /** Something that has a value. */
  sealed interface Operand {
    Place place();

    /** As it was written. */
    String source();
  }

  record Dot(Place place) implements Operand {
    @Override
    public String source() {
      return ".";
    }
  }

  record Nil(Place place) implements Operand {
    @Override
    public String source() {
      return "nil";
    }
  }

  record Constant(Object value, String source, Place place) implements Operand {}

  record Function(String source, Place place) implements Operand {}

  record Variable(String source, Place place) implements Operand {}

  record Nested(Pipe pipe, Place place) implements Operand {
    @Override
    public String source() {
      return "(...)";
    }
  }

  /** A field of the dot, or of another operand. */
  record Field(Operand of, String name, Place place) implements Operand {
    @Override
    public String source() {
      return (of instanceof Dot ? "" : of.source()) + "." + name;
    }
  }
}
