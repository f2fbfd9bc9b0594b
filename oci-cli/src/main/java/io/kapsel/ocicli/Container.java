package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import io.kapsel.linux.process.Pidfd;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.AsWritten;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.CgroupPlace;
import io.kapsel.runtime.Stdio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A container on disk. What it is doing is asked of the kernel each time. */
record Container(Path directory, Optional<Kept> state) {
  private static final String STATE = "state.json";
  private static final String CONFIGURATION = "config.json";

  Kept kept() {
    return state.orElseThrow();
  }

  Path barrier() {
    return directory.resolve("start.sock");
  }

  Groups groups() {
    return new Groups(kept().groups());
  }

  Container with(Kept kept) {
    AtomicFile.write(directory.resolve(STATE), kept.json(), AtomicFile.Durability.SURVIVES_CRASH);
    return new Container(directory, Optional.of(kept));
  }

  void keep(byte[] configuration) {
    AtomicFile.write(
        directory.resolve(CONFIGURATION), configuration, AtomicFile.Durability.SURVIVES_CRASH);
  }

  Spec configuration() {
    return Spec.parse(text());
  }

  private byte[] text() {
    try {
      return Files.readAllBytes(directory.resolve(CONFIGURATION));
    } catch (IOException e) {
      throw new OciException("cannot read the container's configuration: " + e.getMessage(), e);
    }
  }

  /** Whether it is worth to read the whole configuration for hooks that run after its start. */
  boolean mayHaveHooks() {
    return new String(text(), StandardCharsets.ISO_8859_1).contains("\"hooks\"");
  }

  /** The bundle that it was made of, for what happens after its start. */
  Bundle bundle() {
    CgroupPlace nowhere = new CgroupPlace(Map.of(), kept().id(), false);
    AsWritten written = new AsWritten(Path.of(kept().bundle()), nowhere, true);
    return Bundle.written(kept().id(), configuration(), written, Stdio.OUTPUT, directory, 0);
  }

  /** Its init, unless that has ended or the number is another's by now. */
  Optional<Pidfd> init() {
    Kept kept = kept();
    if (kept.started() == ProcessFacts.GONE || !kept.boot().equals(ProcessFacts.bootId())) {
      return Optional.empty();
    }
    try {
      Pidfd init = Pidfd.open(kept.pid());
      if (ProcessFacts.started(kept.pid()) == kept.started()) {
        return Optional.of(init);
      }
      init.close();
      return Optional.empty();
    } catch (SyscallException e) {
      return Optional.empty();
    }
  }

  boolean alive() {
    return kept().started() != ProcessFacts.GONE // it had ended before it could be looked at
        && kept().boot().equals(ProcessFacts.bootId())
        && ProcessFacts.started(kept().pid()) == kept().started();
  }

  Status status() {
    if (!alive()) {
      return Status.STOPPED;
    }
    if (groups().frozen()) {
      return Status.PAUSED;
    }
    return Files.exists(barrier()) ? Status.CREATED : Status.RUNNING;
  }

  Kept.Shown shown() {
    return kept().shown(status());
  }

  /** Removes what is kept of it, as somebody else may do at the same time. */
  void forget() {
    try (Fd above = Open.path(directory.resolve("..").toString(), OpenFlags.DIRECTORY)) {
      Trees.delete(above, directory.getFileName().toString());
    } catch (SyscallException e) {
      if (!e.is(Errno.ENOENT)) {
        throw new OciException("cannot remove '" + directory + "': " + e.getMessage(), e);
      }
    }
  }
}
