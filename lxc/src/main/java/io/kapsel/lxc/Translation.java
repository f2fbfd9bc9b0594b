package io.kapsel.lxc;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Gathers what a configuration of another system says, in LXC's words. */
final class Translation {
  private final Path file;
  private final List<LxcConfig.Entry> entries = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();
  private final Adopted more = new Adopted();

  Translation(Path file) {
    this.file = file;
  }

  /** It means the same as that key of LXC. */
  void add(Line line, String key, String value) {
    LxcConfig.Entry entry = new LxcConfig.Entry(key, value, file, line.number(), line.key());
    try {
      LxcValues.check(entry);
      entries.add(entry);
    } catch (LxcException e) {
      leftOut.add(String.valueOf(e.getMessage()));
    }
  }

  /** It means something that LXC has no words for; nothing when it makes no sense. */
  void more(Line line, Consumer<Adopted> meaning) {
    try {
      meaning.accept(more);
    } catch (IllegalArgumentException e) {
      leave(line, String.valueOf(e.getMessage()));
    }
  }

  /** Something that is said in a line. */
  record Line(int number, String key, String value) {}

  /** It cannot be taken over. */
  void leave(Line line, String reason) {
    leftOut.add(String.valueOf(wrong(line, reason).getMessage()));
  }

  /** The container would not be what it was. */
  LxcException wrong(Line line, String reason) {
    return new LxcConfig.Entry(line.key(), line.value(), file, line.number(), line.key())
        .wrong(reason);
  }

  Adoption.Said under(String name) {
    return new Adoption.Said(name, List.copyOf(entries), List.copyOf(leftOut), more);
  }
}
