package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.image.ImageException;
import io.kapsel.image.registry.Client;
import io.kapsel.image.registry.DockerConfig;
import io.kapsel.image.registry.Limits;
import io.kapsel.image.registry.Progress;
import io.kapsel.image.registry.Proxies;
import io.kapsel.image.registry.Registries;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/** Work with a registry that takes its time: the client sees how it goes, and may end it. */
final class Transfer {
  private static final long TICK_MILLIS = 100;

  private Transfer() {}

  /**
   * Who speaks to registries for the user: with the passwords, helpers and proxies of the client's
   * own environment, where {@code KAPSEL_REGISTRIES} may name one more directory of settings.
   */
  static Client client(Call call) {
    List<Path> directories = new ArrayList<>();
    call.request()
        .variable("KAPSEL_REGISTRIES")
        .filter(it -> !it.isEmpty())
        .ifPresent(it -> directories.add(call.request().directory().resolve(it)));
    directories.addAll(Registries.DIRECTORIES);
    return new Client(
        new Registries(directories),
        DockerConfig.read(call.request().environment()),
        new Proxies(environment(call)),
        Limits.USUAL);
  }

  private static Map<String, String> environment(Call call) {
    Map<String, String> all = new HashMap<>();
    for (String each : call.request().environment()) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        all.put(each.substring(0, equals), each.substring(equals + 1));
      }
    }
    return all;
  }

  /** Does it on another thread, and shows on {@code out} how it goes. */
  static <T> T run(Call call, TransferDisplay display, Function<Progress, T> work) {
    return run(call, display, work, call.client()::out);
  }

  static <T> T run(
      Call call, TransferDisplay display, Function<Progress, T> work, Consumer<String> out) {
    FutureTask<T> task = new FutureTask<>(() -> work.apply(display));
    Thread worker = Thread.ofVirtual().name("kapsel-transfer").start(task);
    try {
      while (!call.client().waiting(() -> isDone(task))) {
        show(display, out);
      }
      show(display, out);
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new ImageException.Failed(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      throw new ImageException.Failed("cannot go on: interrupted", e);
    } finally {
      worker.interrupt(); // no more than a word when it is done
    }
  }

  private static boolean isDone(FutureTask<?> task) throws InterruptedException {
    try {
      task.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      return false;
    } catch (ExecutionException _) {
      // taken up by whoever asks for the result
    }
    return true;
  }

  private static void show(TransferDisplay display, Consumer<String> out) {
    String text = display.text();
    if (!text.isEmpty()) {
      out.accept(text);
    }
  }
}
