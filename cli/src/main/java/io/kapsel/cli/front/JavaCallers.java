package io.kapsel.cli.front;

import io.kapsel.api.Caller;
import io.kapsel.api.Service;
import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.Request;
import io.kapsel.linux.Fd;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Java programs that are attached: the call is JSON in the one word of a request, the answer comes
 * as standard error, and its parts before it as lines of standard output.
 */
record JavaCallers(Service service) {
  private static final int REFUSED = 125;

  /** Serves one. */
  int serve(Request request, Client client) {
    List<String> words = request.argv();
    if (words.size() != 2) {
      client.err("a call has one word\n");
      return REFUSED;
    }
    byte[] asked = words.getLast().getBytes(StandardCharsets.UTF_8);
    try {
      Service.Served served = service.serve(asked, new Far(client));
      client.err(served.answer());
      return served.done() ? 0 : 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      client.err("interrupted\n");
      return REFUSED;
    }
  }

  private record Far(Client client) implements Caller {
    @Override
    public void part(Object part) {
      client.out(Service.written(part));
      client.out("\n");
    }

    @Override
    public void attach(Fd end) {
      client.attach(new Client.Relay(false, true, false, false), end, _ -> {});
    }

    @Override
    public <T> T waiting(Wait<T> wait) {
      return client.waiting(wait::await);
    }
  }
}
