package io.kapsel.cli.command.image;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.image.registry.Progress;
import io.kapsel.oci.image.Digest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How a transfer goes on, for people: on a terminal one line for each layer that changes in place;
 * elsewhere a line when a layer is done.
 */
final class TransferDisplay implements Progress {
  /** What there is to see. */
  enum Style {
    QUIET,
    LINES,
    TERMINAL
  }

  private static final int BAR = 30;

  private record Line(Phase phase, long bytes, long total) {}

  private final Style style;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Digest, Line> lines = new LinkedHashMap<>();
  private final StringBuilder pending = new StringBuilder();
  private boolean changed;
  private int shown;

  TransferDisplay(Style style) {
    this.style = style;
  }

  /** As fits the client. */
  static TransferDisplay of(Call call, boolean quiet) {
    return new TransferDisplay(
        quiet ? Style.QUIET : call.request().terminals().stdout() ? Style.TERMINAL : Style.LINES);
  }

  @Override
  public void say(String text) {
    lock.lock();
    try {
      if (style != Style.QUIET) {
        pending.append(text).append('\n');
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void at(Digest blob, Phase phase, long bytes, long total) {
    lock.lock();
    try {
      Line before = lines.put(blob, new Line(phase, bytes, total));
      changed = true;
      boolean news = before == null || before.phase() != phase;
      boolean end = phase != Phase.DOWNLOADING && phase != Phase.PUSHING;
      if (style == Style.LINES && news && end) {
        pending.append(blob.abbreviated()).append(": ").append(words(phase)).append('\n');
      }
    } finally {
      lock.unlock();
    }
  }

  /** What is to be printed now. */
  String text() {
    lock.lock();
    try {
      String text = pending.toString();
      pending.setLength(0);
      return style == Style.TERMINAL && changed ? text + redrawn() : text;
    } finally {
      lock.unlock();
    }
  }

  private String redrawn() {
    StringBuilder text = new StringBuilder();
    if (shown > 0) {
      text.append("\u001b[").append(shown).append('A');
    }
    lines.forEach((blob, line) ->
        text.append("\r\u001b[K")
            .append(blob.abbreviated())
            .append(": ")
            .append(words(line.phase()))
            .append(bar(line))
            .append('\n'));
    shown = lines.size();
    changed = false;
    return text.toString();
  }

  private static String bar(Line line) {
    boolean moving = line.phase() == Phase.DOWNLOADING || line.phase() == Phase.PUSHING;
    if (!moving || line.total() <= 0) {
      return "";
    }
    int done = Math.clamp(line.bytes() * BAR / line.total(), 0, BAR);
    return "  [%s%s]  %s/%s"
        .formatted(
            "=".repeat(done),
            " ".repeat(BAR - done),
            ByteSize.printDecimal(line.bytes()),
            ByteSize.printDecimal(line.total()));
  }

  private static String words(Phase phase) {
    return switch (phase) {
      case EXISTS -> "Already exists";
      case DOWNLOADING -> "Downloading";
      case UNPACKING -> "Extracting";
      case PUSHING -> "Pushing";
      case MOUNTED -> "Mounted from another repository";
      case COMPLETE -> "Complete";
    };
  }
}
