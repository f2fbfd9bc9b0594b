package io.kapsel.engine;

import io.kapsel.runtime.Account;
import io.kapsel.runtime.GroupUsage;
import java.util.List;

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
}
