package io.kapsel.e2e;

import java.util.Arrays;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/**
 * Says what a test waits for that is out of time, while it still waits: its stack, and all
 * processes.
 */
final class WhatHangs implements PreInterruptCallback {
  @Override
  public void beforeThreadInterrupt(PreInterruptContext interrupt, ExtensionContext test) {
    Thread waiting = interrupt.getThreadToInterrupt();
    System.err.println("out of time: " + test.getUniqueId() + " in " + waiting);
    Arrays.stream(waiting.getStackTrace()).forEach(frame -> System.err.println("  at " + frame));
    System.err.println(
        Command.of("ps", "-e", "-o", "pid,ppid,stat,wchan:24,etimes,args").run().out());
  }
}
