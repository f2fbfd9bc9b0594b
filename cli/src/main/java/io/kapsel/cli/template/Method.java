package io.kapsel.cli.template;

import java.util.List;

/** A field that is called, such as {@code .Label "name"}. */
@FunctionalInterface
public interface Method {
  /** What it makes of its arguments. */
  Object call(List<Object> arguments);
}
