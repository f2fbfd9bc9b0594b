package io.kapsel.cli.server;

/** What a client sent is not a request; it gets this as its answer and is hung up on. */
final class ProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ProtocolException(String message) {
    super(message);
  }
}
