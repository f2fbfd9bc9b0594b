package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Where directories go that nobody needs any more: one step takes a tree out of sight, and its
 * files are removed behind the back of whoever gave it up, by the next engine at the latest.
 */
final class Trash implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Trash.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Path directory;
  private final LinkedBlockingQueue<String> names = new LinkedBlockingQueue<>();
  private final AtomicLong count = new AtomicLong();
  private final Thread worker;
  private volatile boolean closed;

  /** A trash in a directory of the file system from which it takes things. */
  Trash(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
    try (Stream<Path> left = Files.list(directory)) {
      left.map(each -> each.getFileName().toString()).forEach(names::add);
    }
    this.worker = Thread.ofPlatform().daemon().name("trash").start(this::empty);
  }

  /** Takes a tree; nothing when there is none. */
  void add(Path tree) throws IOException {
    String name = tree.getFileName() + "-" + System.nanoTime() + "-" + count.incrementAndGet();
    try {
      Files.move(tree, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      names.add(name);
    } catch (NoSuchFileException e) {
      // it is gone
    }
  }

  private void empty() {
    try (Fd parent = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
      while (!closed || !names.isEmpty()) {
        remove(parent, names.take());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void remove(Fd parent, String name) {
    try {
      if (!name.isEmpty()) {
        Trees.delete(parent, name);
      }
    } catch (SyscallException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cannot remove what nobody needs any more tree={0} reason={1}",
          directory.resolve(name),
          e.getMessage());
    }
  }

  /** Waits a while until it is empty. */
  @Override
  public void close() {
    closed = true;
    names.add("");
    try {
      worker.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
