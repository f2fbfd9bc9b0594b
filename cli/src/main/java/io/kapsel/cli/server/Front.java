package io.kapsel.cli.server;

/** One way to speak to the engine: the meaning of the words of a request. */
public interface Front {
  /**
   * Does what {@code request} asks, on a virtual thread of its own, and returns the exit code.
   *
   * @throws ClientLeft when a wait ended because the client did not want to wait any longer
   */
  int serve(Request request, Client client);
}
