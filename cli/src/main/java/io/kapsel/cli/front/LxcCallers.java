package io.kapsel.cli.front;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Foreground;
import io.kapsel.cli.command.Streams;
import io.kapsel.cli.command.TerminalOf;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.Request;
import io.kapsel.engine.Container;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.lxc.LxcCaller;
import io.kapsel.lxc.LxcFront;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** Clients as LXC's programs see them. */
record LxcCallers(Engine engine, LxcFront front) {
  /** Serves one; {@code program} is the name that the client was called by. */
  int serve(Request request, Client client, String program) {
    List<String> words = new ArrayList<>(request.argv());
    words.set(0, program);
    Call call = new Call(engine, request, client, FlagSet.of().parse(List.of()));
    return front.serve(new Caller(call, List.copyOf(words)));
  }

  private record Caller(Call call, List<String> words) implements LxcCaller {
    @Override
    public List<String> environment() {
      return call.request().environment();
    }

    @Override
    public Path directory() {
      return call.request().directory();
    }

    @Override
    public boolean terminal() {
      return call.request().terminals().stdin();
    }

    @Override
    public int rows() {
      return Short.toUnsignedInt(call.request().window().rows());
    }

    @Override
    public int columns() {
      return Short.toUnsignedInt(call.request().window().columns());
    }

    @Override
    public void out(String text) {
      call.client().out(text);
    }

    @Override
    public void err(String text) {
      call.client().err(text);
    }

    @Override
    public int attach(Container container, ExecSpec program) {
      Engine.Running running = new LiveContainer(container).exec(program);
      return new Foreground(call, program.stdio().terminal(), Streams.output(true), false)
          .start(running)
          .code();
    }

    @Override
    public int foreground(Container container, Runnable start) {
      return new Foreground(call, terminal(), Streams.output(true), true)
          .start(new LiveContainer(container), start)
          .code();
    }

    @Override
    public int console(Container container, int number, int keys, IntConsumer told) {
      return new Foreground(call, terminal(), Streams.output(true), false, keys)
          .join(new TerminalOf(new LiveContainer(container), number, number != 0, told))
          .code();
    }

    @Override
    public <T> T waiting(Wait<T> wait) {
      return call.client().waiting(wait::await);
    }
  }
}
