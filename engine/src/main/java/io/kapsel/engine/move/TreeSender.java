package io.kapsel.engine.move;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.library.Sha256;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Sends a tree that somebody may be writing, once whole and then what has changed. The last time
 * nobody may write it.
 *
 * <p>What has changed is told by the time of the change, which nobody can set. Two things could
 * hide a change from that: the clock of a file system ticks only every few milliseconds, and a
 * mapped page that is dirty already takes more writes without a new time. So everything is flushed
 * before, after which the next write to a page is seen, and what has changed since that moment is
 * looked at again in the next round. Of a file that may have changed, those blocks are sent that
 * have another digest than before.
 */
public final class TreeSender {
  /** No clock of a file system is later than that. */
  private static final Duration TICK = Duration.ofMillis(20);

  private static final int DEEPEST = 1024;
  private static final OpenHow READ =
      OpenHow.of(OpenFlags.READ | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING);
  private static final OpenHow PLACE = OpenHow.of(OpenFlags.PATH | OpenFlags.NO_FOLLOW);

  private final Wire wire;
  private final Runnable pause;
  private final boolean once;
  private final SentFiles sent = new SentFiles();
  private final MessageDigest computation = Sha256.start();
  private final byte[] block = new byte[BlockDigests.BLOCK];
  private Map<String, FileState> directories = new LinkedHashMap<>();
  private Instant safe = Instant.MIN;
  private DeviceNumber filesystem = new DeviceNumber(0, 0);
  private int round;

  /**
   * To that other side.
   *
   * @param pause is called again and again; what it throws ends the round
   */
  public TreeSender(Wire wire, Runnable pause) {
    this(wire, pause, false);
  }

  private TreeSender(Wire wire, Runnable pause, boolean once) {
    this.wire = wire;
    this.pause = pause;
    this.once = once;
  }

  /** Sends a tree that nobody writes; nothing is kept of it, however large it is. */
  public static void once(Fd top, Wire wire, Runnable pause) throws IOException {
    new TreeSender(wire, pause, true).round(top);
  }

  /** Sends all that the other side does not have yet. */
  public void round(Fd top) throws IOException {
    round++;
    sent.begin(round);
    directories = new LinkedHashMap<>();
    safe = Instant.now().minus(TICK);
    Content.syncFilesystem(top);
    FileStatus status = Attributes.status(top);
    filesystem = status.filesystem();
    directories.put("", FileState.of(top, status));
    walk(top, "", 0);
    for (String gone : sent.missing()) {
      if (sent.find(gone).isPresent()) { // else it has gone with its directory
        forget(gone);
      }
    }
    for (Map.Entry<String, FileState> each : directories.entrySet()) {
      wire.send(TreeOps.STATE, each.getKey());
      each.getValue().write(wire);
    }
    wire.octet(TreeOps.END);
  }

  private void forget(String path) throws IOException {
    wire.send(TreeOps.DELETE, path);
    sent.forget(path);
  }

  private void walk(Fd directory, String path, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new UnsendableException("'" + path + "' lies too deep");
    }
    if (sent.isFull()) {
      throw new UnsendableException(
          "it has written more than %s files; stop it first, and they are sent once"
              .formatted(SentFiles.MOST));
    }
    for (Entries.Entry entry : Entries.list(directory)) {
      pause.run();
      try {
        entry(directory, path + entry.name(), entry.name(), depth);
      } catch (SyscallException e) {
        if (!e.isReplaced()) {
          throw e;
        } // it has become another meanwhile, or is gone: the next round sees that
      }
    }
  }

  private void entry(Fd directory, String path, String name, int depth) throws IOException {
    Optional<FileStatus> found = Attributes.find(directory, name);
    if (found.isEmpty() || !found.get().filesystem().equals(filesystem)) {
      return;
    }
    FileStatus status = found.get();
    sent.see(path);
    if (sent.find(path).filter(known -> !known.is(status)).isPresent()) {
      forget(path);
    }
    if (status.type() == FileType.DIRECTORY) {
      subdirectory(directory, path, name, depth);
      return;
    }
    Optional<String> other =
        sent.find(path).isPresent() ? Optional.empty() : sent.otherName(status);
    if (other.isPresent()) {
      wire.send(TreeOps.HARD_LINK, path);
      wire.text(other.get());
      SentFiles.Sent _ = sent.add(path, status);
    }
    if (status.type() == FileType.REGULAR) {
      file(directory, path, name, status);
    } else if (status.type() != FileType.UNKNOWN) {
      special(directory, path, name, status);
    }
  }

  private void subdirectory(Fd directory, String path, String name, int depth) throws IOException {
    try (Fd below = Open.directory(directory, name)) {
      FileStatus status = Attributes.status(below);
      if (once) {
        wire.send(TreeOps.DIRECTORY, path);
        walk(below, path + "/", depth + 1);
        wire.send(TreeOps.STATE, path);
        FileState.of(below, status).write(wire);
        return;
      }
      if (sent.find(path).isEmpty()) {
        wire.send(TreeOps.DIRECTORY, path);
        SentFiles.Sent _ = sent.add(path, status);
      }
      SentFiles.Sent known = sent.find(path).orElseThrow();
      if (known.isStale(status, round)) {
        directories.put(path, FileState.of(below, status));
        known.note(status, round, safe);
      }
      walk(below, path + "/", depth + 1);
    }
  }

  private void special(Fd directory, String path, String entry, FileStatus status)
      throws IOException {
    Optional<SentFiles.Sent> known = sent.find(path);
    if (known.isPresent() && !known.get().isStale(status, round)) {
      return;
    }
    try (Fd place = Open.at(directory, entry, PLACE)) {
      FileState state = FileState.of(place, status);
      // The number may be that of another one now, with another target or device.
      for (String name : known.map(SentFiles.Sent::names).orElse(List.of())) {
        forget(name);
      }
      if (status.type() == FileType.LINK) {
        String target = Entries.readLink(directory, entry);
        wire.send(TreeOps.LINK, path);
        wire.text(target);
      } else {
        wire.send(TreeOps.NODE, path);
        wire.number(status.type().bits());
        wire.number(status.device().major());
        wire.number(status.device().minor());
      }
      state.write(wire);
      note(Optional.empty(), path, status);
    }
  }

  private void file(Fd directory, String path, String name, FileStatus listed) throws IOException {
    Optional<SentFiles.Sent> known = sent.find(path);
    if (known.isPresent() && !known.get().isStale(listed, round)) {
      return;
    }
    try (Fd file = Open.openBeneath(directory, name, READ)) {
      FileStatus status = Attributes.status(file);
      if (!status.sameFile(listed)) {
        return; // the next round sees that
      }
      FileState state = FileState.of(file, status);
      wire.send(TreeOps.FILE, path);
      wire.octet(known.isPresent() ? 0 : 1);
      wire.number(status.size());
      note(known, path, status);
      BlockDigests digests =
          sent.find(path).map(SentFiles.Sent::blocks).orElseGet(BlockDigests::new);
      content(file, status.size(), digests, known.isEmpty());
      wire.number(-1);
      state.write(wire);
    }
  }

  /** Of what is sent once, only those are remembered that may have another name. */
  private void note(Optional<SentFiles.Sent> known, String path, FileStatus status) {
    if (known.isPresent() || !once || status.links() > 1) {
      known.orElseGet(() -> sent.add(path, status)).note(status, round, safe);
    }
  }

  private void content(Fd file, long size, BlockDigests blocks, boolean fresh) throws IOException {
    blocks.cut((size + BlockDigests.BLOCK - 1) / BlockDigests.BLOCK);
    long data = -1;
    for (long at = 0; at < size; at += BlockDigests.BLOCK) {
      int length = (int) Math.min(BlockDigests.BLOCK, size - at);
      data = data < at ? nextData(file, at, size) : data;
      pause.run();
      boolean hole = data >= at + length || isZero(file, at, length);
      long number = at / BlockDigests.BLOCK;
      if (hole && blocks.noteZeros(number) && !fresh) {
        wire.number(at);
        wire.octet(0);
        wire.number(length);
      } else if (!hole && (once || blocks.note(number, block, length, computation))) {
        wire.number(at);
        wire.octet(1);
        wire.bytes(block, 0, length);
      }
    }
  }

  private static long nextData(Fd file, long at, long size) {
    long found = Content.nextData(file, at);
    return found < 0 ? size : found;
  }

  /** Reads a block; what is not there any more is zeros until the next round. */
  private boolean isZero(Fd file, long at, int length) {
    int done = 0;
    while (done < length) {
      int count = Content.readAt(file, at + done, block, done, length - done);
      if (count < 0) {
        java.util.Arrays.fill(block, done, length, (byte) 0);
        break;
      }
      done += count;
    }
    return BlockDigests.isZero(block, length);
  }
}
