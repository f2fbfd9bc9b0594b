package io.kapsel.runtime;

import io.kapsel.linux.Fd;

/** A client's stream socket, and which of a program's streams go over it. */
public record Client(Fd stream, boolean in, boolean out, boolean err) {
  void attachTo(Control control) {
    control.send(Control.ATTACH, streams(), stream);
  }

  /** To one of several terminals; the monitor answers which one that is. */
  void attachTo(Control control, int terminal, boolean alone) {
    control.send(Control.ATTACH, streams(), terminal, alone ? 1 : 0, stream);
  }

  private int streams() {
    return (in ? 1 : 0) | (out ? 2 : 0) | (err ? 4 : 0);
  }
}
