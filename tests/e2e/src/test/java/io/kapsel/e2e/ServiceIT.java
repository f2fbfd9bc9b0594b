package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The engine as the service of a manager that keeps its socket and wants to know how it goes. */
class ServiceIT {
  private static final String SUPERVISOR = "src/test/resources/service/supervisor.py";

  private static Process supervise(Product product, Path config) {
    return product
        .environment(
            Command.of(
                "python3",
                Path.of(SUPERVISOR).toAbsolutePath().toString(),
                product.run().resolve("kapsel.sock").toString(),
                product.home().resolve("notify").toString(),
                Product.DIST.resolve("lib/kapsel/kapseld").toString(),
                "--foreground",
                product.run().toString(),
                product.state().toString()))
        .env("KAPSEL_CONFIG", config.toString())
        .start();
  }

  private static List<String> lines(Process process) {
    List<String> lines = new CopyOnWriteArrayList<>();
    Thread.ofVirtual()
        .start(() -> {
          try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            reader.lines().forEach(lines::add);
          } catch (IOException e) {
            lines.add(e.toString());
          }
        });
    return lines;
  }

  private static void await(List<String> lines, String line) {
    Await.until(
        Duration.ofSeconds(40),
        () -> "'" + line + "' is among " + lines,
        () -> lines.contains(line));
  }

  private static void end(Process manager) throws Exception {
    manager.getOutputStream().close();
    if (!manager.waitFor(30, TimeUnit.SECONDS)) {
      manager.destroyForcibly();
    }
  }

  private static String engine(Product product) throws IOException {
    return Files.readString(product.run().resolve("engine.pid")).strip();
  }

  @Test
  void anEngineThatACommandHasStartedMakesRoom() throws Exception {
    try (Product product = Product.fresh()) {
      Path config = product.home().resolve("kapsel.conf");
      HostFiles.write(config, "");
      product
          .kapsel("run", "-d", "--name", "lives", TestRoot.reference(), "/bin/sleep", "600")
          .ok();
      String inside = product.kapsel("inspect", "-f", "{{.State.Pid}}", "lives").ok().line();
      String before = engine(product);
      Process manager = supervise(product, config);
      List<String> told = lines(manager);
      try {
        await(told, "READY=1");
        assertThat(engine(product)).isNotEqualTo(before);
        assertThat(product.kapsel("inspect", "-f", "{{.State.Pid}}", "lives").ok().line())
            .isEqualTo(inside);
        product.kapsel("rm", "-f", "lives").ok();
      } finally {
        end(manager);
      }
      Files.delete(product.run().resolve("kapsel.sock"));
    }
  }

  private static Result as(Product product, String group) {
    String client = Product.DIST.resolve("bin/kapsel").toString();
    return product
        .environment(
            Command.of(
                "setpriv", "--reuid", "nobody", "--regid", group, "--clear-groups", client, "ps"))
        .run();
  }

  @Test
  void membersOfTheGroupMayUseAnEngineThatACommandHasStarted() throws Exception {
    try (Product product = Product.fresh()) {
      Files.setPosixFilePermissions(product.home(), PosixFilePermissions.fromString("rwx--x--x"));
      product.command("version").env("KAPSEL_GROUP", "games").run().ok();

      assertThat(Files.getPosixFilePermissions(product.run().resolve("kapsel.sock")))
          .isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
      assertThat(as(product, "games").ok().line()).startsWith("CONTAINER ID");
      assertThat(as(product, "nogroup").err()).contains("EACCES");
    }
  }

  @Test
  void theManagerKeepsTheSocketAndHearsHowItGoes() throws Exception {
    try (Product product = Product.fresh()) {
      Path config = product.home().resolve("kapsel.conf");
      HostFiles.write(config, "# of this test\nlog-level = debug\nidle-exit=never\n");
      Process manager = supervise(product, config);
      List<String> told = lines(manager);
      try {
        await(told, "listening");
        assertThat(
                product.kapsel("run", "--rm", TestRoot.reference(), "/bin/echo", "on").ok().line())
            .isEqualTo("on");
        await(told, "READY=1");
        await(told, "WATCHDOG=1");
        assertThat(product.kapsel("config").ok().out())
            .containsPattern("log-level +debug +info +" + config + ":2");
        HostFiles.write(config, "log-level = error\nnetwork = bridge\nsandbox-pool = 0\n");
        assertThat(product.kapsel("config", "--reload").ok().line())
            .isEqualTo("'sandbox-pool' takes effect when the engine starts the next time");
        await(told, "RELOADING=1");
        assertThat(product.kapsel("config").ok().out()).containsPattern("log-level +error");
      } finally {
        end(manager);
      }
      await(told, "STOPPING=1");
      assertThat(told).anyMatch(line -> line.startsWith("ended "));
      assertThat(Files.exists(product.run().resolve("kapsel.sock"))).isTrue();
      Files.delete(product.run().resolve("kapsel.sock"));
    }
  }
}
