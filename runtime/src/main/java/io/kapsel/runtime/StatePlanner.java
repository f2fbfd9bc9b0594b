package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.regex.Pattern;

/**
 * Documents that the init half writes into files in memory. The number of the process, which no
 * planner can know, is what the launcher's own proc says of itself.
 */
final class StatePlanner {
  /** Stands in a document where the number belongs. */
  static final int PID = Integer.MAX_VALUE;

  private static final String KEY = "\"pid\":";

  private final Draft draft;
  private final Value directory;
  private final String self;

  /** Asks the launcher's own proc. */
  StatePlanner(Draft draft) {
    this(draft, Flag.CWD, "/proc/self");
  }

  /** Asks a proc that is open. */
  StatePlanner(Draft draft, Slot proc) {
    this(draft, Value.of(proc), "self");
  }

  private StatePlanner(Draft draft, Value directory, String self) {
    this.draft = draft;
    this.directory = directory;
    this.self = self;
  }

  /** A file with the document, from whose beginning it is read. */
  Slot file(Slot file, String json, String why) {
    Steps init = draft.init;
    init.call(Syscall.MEMFD_CREATE, Value.text("state"), Value.named("MFD_CLOEXEC", 1))
        .into(file)
        .because(why);
    String[] parts = json.split(Pattern.quote(KEY + PID), -1); // a text cannot have the key in it
    for (int i = 0; i < parts.length; i++) {
      boolean last = i == parts.length - 1;
      draft.write(init, file, last ? parts[i] : parts[i] + KEY, why);
      if (!last) {
        pid(file, why);
      }
    }
    init.call(Syscall.LSEEK, Value.of(file), Flag.ZERO, Value.named("SEEK_SET", 0)).because(why);
    return file;
  }

  private void pid(Slot file, String why) {
    Blob room = Blob.room(16, "pid_text");
    Slot length = draft.slots.sharedBy("count");
    draft
        .init
        .call(Syscall.READLINKAT, directory, Value.text(self), Value.at(room), Value.of(16))
        .into(length)
        .because(why);
    draft.init.call(Syscall.WRITE, Value.of(file), Value.at(room), Value.of(length)).because(why);
  }
}
