package io.kapsel.cli.server;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frames on their way to a client: small ones travel together, none after EXIT. A client that does
 * not read makes the writer wait; one that is gone makes it {@link #broken}, which is no error
 * here.
 */
final class FrameWriter {
  private static final int ENOUGH = 32 << 10;

  private final UnixStream stream;
  private final ReentrantLock writing = new ReentrantLock();
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream(512);
  private volatile boolean ended;
  private volatile boolean broken;

  FrameWriter(UnixStream stream) {
    this.stream = stream;
  }

  boolean broken() {
    return broken;
  }

  void write(int type, byte[] bytes) {
    writing.lock();
    try {
      for (int at = 0; at < bytes.length; at += Frame.LONGEST) {
        int length = Math.min(Frame.LONGEST, bytes.length - at);
        pending.writeBytes(Frame.of(type, bytes, at, length));
        if (pending.size() >= ENOUGH) {
          flush();
        }
      }
    } finally {
      writing.unlock();
    }
  }

  void attach(Client.Relay relay, Fd end) {
    writing.lock();
    try {
      flush();
      send(Frame.of(Frame.ATTACH, relay.flags()), end);
    } finally {
      writing.unlock();
    }
  }

  void launch(int kept, Fd program, Fd control) {
    writing.lock();
    try {
      flush();
      send(Frame.of(Frame.LAUNCH, kept), program, control);
    } finally {
      writing.unlock();
    }
  }

  void finish(int code) {
    writing.lock();
    try {
      pending.writeBytes(Frame.of(Frame.EXIT, code));
      flush();
      ended = true;
    } finally {
      writing.unlock();
    }
  }

  void flush() {
    writing.lock();
    try {
      if (pending.size() > 0) {
        byte[] bytes = pending.toByteArray();
        pending.reset();
        send(bytes);
      }
    } finally {
      writing.unlock();
    }
  }

  private void send(byte[] bytes, Fd... descriptors) {
    if (ended || broken) {
      return;
    }
    try {
      stream.send(bytes, descriptors);
    } catch (SyscallException | CancellationException _) {
      broken = true;
    }
  }
}
