package io.kapsel.engine;

import io.kapsel.base.Names;
import java.util.Map;

/** Gives containers other names; each name has one container at any time. */
final class Renaming {
  private final Kapsel engine;
  private final Map<String, String> idsByName;

  Renaming(Kapsel engine, Map<String, String> idsByName) {
    this.engine = engine;
    this.idsByName = idsByName;
  }

  /** Somebody else may rename it meanwhile: then it is not the one that was meant any more. */
  void rename(String reference, String name) {
    while (true) {
      Container found = engine.container(reference);
      found.life().lock();
      try {
        if (engine.container(reference).equals(found)) {
          found.rename(name);
          return;
        }
      } finally {
        found.life().unlock();
      }
    }
  }

  /** Until {@code write} has written it, the new name is held and the old one not given away. */
  void rename(Container container, String wanted, Runnable write) {
    String before = container.name();
    if (!Names.isValid(wanted)) {
      throw new EngineException.Invalid(
          "rename", before, "'" + wanted + "': only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }
    if (wanted.equals(before)) {
      throw new EngineException.Conflict("rename", before, "it has that name already");
    }
    String holder = idsByName.putIfAbsent(wanted, container.id());
    if (holder != null) {
      throw new EngineException.Conflict(
          "rename",
          before,
          "the container name '/%s' is already in use by container '%s'; remove or rename that"
                  .formatted(wanted, holder)
              + " container");
    }
    boolean written = false;
    try {
      write.run();
      written = true;
    } finally {
      idsByName.remove(written ? before : wanted, container.id());
    }
  }
}
