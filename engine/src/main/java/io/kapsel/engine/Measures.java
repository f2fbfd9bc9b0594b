package io.kapsel.engine;

import io.kapsel.runtime.Account;
import io.kapsel.runtime.GroupUsage;
import io.kapsel.runtime.LaunchException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What a running container is, has and uses, as the kernel counts it. */
public final class Measures {
  private final Kapsel engine;
  private final Container container;

  Measures(Kapsel engine, Container container) {
    this.engine = engine;
    this.container = container;
  }

  /** The processes in it, in the host's numbers. */
  public List<Integer> processes() {
    container.checkRunning("list the processes of");
    return engine.runtime.processes(container.id());
  }

  /** What it uses now. */
  public GroupUsage usage() {
    container.checkRunning("measure");
    return engine.runtime.usage(container.id());
  }

  /** What it has of each resource, and which limits were in its way. */
  public List<Account> accounts() {
    container.checkRunning("measure");
    List<Account> all = engine.runtime.accounts(container.id());
    if (container.spec().isSystem()) {
      engine.accounting.write(container.id(), all);
    }
    return all;
  }

  /** What a file of its control groups says, such as {@code memory.max}; nothing without one. */
  public Optional<String> group(String file) {
    container.checkRunning("look at the control groups of");
    try {
      return engine.runtime.group(container.id(), file);
    } catch (LaunchException e) {
      throw failed("look at the control groups of", e);
    }
  }

  /** Writes into such a file. */
  public void group(String file, String value) {
    container.checkRunning("limit");
    try {
      engine.runtime.group(container.id(), file, value);
    } catch (LaunchException e) {
      throw failed("limit", e);
    }
  }

  private EngineException failed(String action, LaunchException e) {
    return new EngineException.Failed(action, container.name(), String.valueOf(e.getMessage()), e);
  }

  /** The file with what it has printed, where others may read it. */
  public Optional<Path> logPath() {
    return Logging.path(container.record(), engine.store.stateOf(container.id()));
  }
}
