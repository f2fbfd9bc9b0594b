package io.kapsel.image.tar;

import io.kapsel.linux.Fd;
import io.kapsel.linux.confine.Confinement;
import java.io.IOException;
import java.util.List;

/**
 * Work at one end of a handoff: whoever is at the other one never waits for a thread that is gone.
 */
record Handing<T>(Handoff handoff, Confinement.Work<T> work) implements Confinement.Work<T> {
  @Override
  public T in(Fd root, List<Fd> below) throws IOException {
    return work.in(root, below);
  }

  @Override
  public void ended() {
    handoff.end();
    handoff.close();
  }
}
