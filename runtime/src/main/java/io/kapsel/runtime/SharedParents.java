package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The directories above the groups of all engines. The last engine that goes takes them away,
 * unless there are containers in them: each holds a lock of the first one meanwhile.
 */
final class SharedParents implements AutoCloseable {
  private static final int ATTEMPTS = 100;

  private final List<Path> parents;
  private final Optional<Fd> lock;

  private SharedParents(List<Path> parents, Optional<Fd> lock) {
    this.parents = parents;
    this.lock = lock;
  }

  /** Makes those that are not there; they stay until this is closed. */
  static SharedParents hold(List<Path> parents) throws IOException {
    if (parents.isEmpty()) {
      return new SharedParents(parents, Optional.empty());
    }
    for (int i = 0; i < ATTEMPTS; i++) {
      Optional<Fd> lock = lock(parents.getFirst());
      if (lock.isPresent()) {
        SharedParents held = new SharedParents(parents, lock);
        held.makeAll();
        return held;
      }
    }
    throw new IOException("others remove '" + parents.getFirst() + "' again and again");
  }

  /** Nothing when it was removed before it was locked. */
  private static Optional<Fd> lock(Path parent) throws IOException {
    Optional<Fd> top = open(parent);
    top.ifPresent(Content::share);
    Optional<Fd> there = top.filter(it -> isAt(it, parent.toString()));
    if (there.isEmpty()) {
      top.ifPresent(Fd::close);
    }
    return there;
  }

  private static Optional<Fd> open(Path parent) throws IOException {
    try {
      Files.createDirectories(parent);
      return Optional.of(Open.path(parent.toString(), OpenFlags.READ | OpenFlags.DIRECTORY));
    } catch (FileAlreadyExistsException | NoSuchFileException _) {
      return Optional.empty();
    } catch (SyscallException e) {
      if (e.isMissing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static boolean isAt(Fd top, String path) {
    return Attributes.find(Fd.CWD, path).filter(Attributes.status(top)::sameFile).isPresent();
  }

  private void makeAll() throws IOException {
    try {
      for (Path parent : parents) {
        Files.createDirectories(parent);
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** Whether nobody else has removed them. */
  boolean areThere() {
    return parents.stream().allMatch(Files::isDirectory)
        && lock.filter(top -> !isAt(top, parents.getFirst().toString())).isEmpty();
  }

  /** Lets go of those that were removed. */
  void forget() {
    lock.ifPresent(Fd::close);
  }

  @Override
  public void close() {
    lock.ifPresent(top -> {
      if (Content.tryLock(top)) {
        parents.reversed().forEach(SharedParents::remove);
      }
      top.close();
    });
  }

  private static void remove(Path parent) {
    try {
      Files.deleteIfExists(parent);
    } catch (IOException e) { // a container is below it
      System.getLogger(SharedParents.class.getName())
          .log(System.Logger.Level.DEBUG, "a group stays group={0}", parent);
    }
  }
}
