package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.HostProgram;
import io.kapsel.linux.process.WaitStatus;
import io.kapsel.runtime.criu.CriuException;
import io.kapsel.runtime.criu.CriuSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A program of the host that is run at each stage as CRIU runs action scripts. CRIU itself runs
 * none while its stages are told to its caller.
 *
 * @param init the first process of what is frozen, 0: CRIU says which it is
 */
record CheckpointScript(Path file, Path images, int init) implements CriuSession.Listener {
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  static CriuSession.Listener of(Optional<Path> file, Path images, int init) {
    return file.<CriuSession.Listener>map(it -> new CheckpointScript(it, images, init))
        .orElse(CriuSession.Listener.NOBODY);
  }

  @Override
  public void reached(String stage, int pid, Optional<Fd> sent) {
    Optional<WaitStatus> status;
    try {
      status = HostProgram.run(List.of(file.toString()), environment(stage, pid)).status();
    } catch (SyscallException e) {
      throw new CriuException("cannot run '%s': %s".formatted(file, e.getMessage()));
    }
    int code =
        status
            .map(WaitStatus::code)
            .orElseThrow(() -> new CriuException("'%s' does not end at %s".formatted(file, stage)));
    if (code != 0) {
      throw new CriuException("'%s' has ended with %d at %s".formatted(file, code, stage));
    }
  }

  private List<String> environment(String stage, int pid) {
    List<String> all =
        new ArrayList<>(
            List.of(PATH, "CRTOOLS_SCRIPT_ACTION=" + stage, "CRTOOLS_IMAGE_DIR=" + images));
    int first = init == 0 ? pid : init;
    if (first != 0) {
      all.add("CRTOOLS_INIT_PID=" + first);
    }
    return all;
  }
}
