package io.kapsel.junit;

/** A container did not become what a test waits for. */
public final class NotReadyException extends RuntimeException {
  NotReadyException(String container, String reason, String log) {
    super("cannot wait for '%s': %s; it has printed:%n%s".formatted(container, reason, log));
  }
}
