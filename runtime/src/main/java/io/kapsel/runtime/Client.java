package io.kapsel.runtime;

import io.kapsel.linux.Fd;

/** A client's stream socket, and which of a program's streams go over it. */
public record Client(Fd stream, boolean in, boolean out, boolean err) {
  void attachTo(Control control) {
    control.send(Control.ATTACH, (in ? 1 : 0) | (out ? 2 : 0) | (err ? 4 : 0), stream);
  }
}
