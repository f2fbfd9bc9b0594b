package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What a day with it is like: a web server with a volume, a database, a container that does not
 * come up, and an engine that is replaced while all that works.
 */
class DayOfWorkIT extends EndToEnd {
  private static final Duration LONG = Duration.ofSeconds(60);

  /** A row for each tenth of a second, written when it is safe. */
  private static final String WRITER =
      """
      import itertools, sqlite3, time
      db = sqlite3.connect('/data/orders.db', isolation_level=None)
      db.execute('PRAGMA journal_mode=WAL')
      db.execute('CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY)')
      for i in itertools.count(1):
          db.execute('INSERT INTO orders VALUES (?)', (i,))
          print(i, flush=True)
          time.sleep(0.1)
      """;

  private static final String COUNT =
      """
      import sqlite3
      print(sqlite3.connect('/data/orders.db').execute('SELECT count(*) FROM orders').fetchone()[0])
      """;

  @AfterEach
  void removeVolumes() {
    product.removeAll();
    kapsel("volume", "prune", "-a", "-f").ok();
  }

  private static void start(String name, List<String> flags, String... words) {
    List<String> all = new ArrayList<>(List.of("run", "-d", "--name", name));
    all.addAll(flags);
    all.add("host:");
    all.addAll(List.of(words));
    kapsel(all.toArray(String[]::new)).ok();
  }

  private static String page() {
    return kapsel("exec", "web", "busybox", "wget", "-qO-", "http://127.0.0.1:8080/index.html")
        .out();
  }

  private static String pid(String name) {
    return kapsel("inspect", "-f", "{{.State.Pid}}", name).ok().line();
  }

  private static List<String> orders() {
    return kapsel("logs", "db").ok().lines();
  }

  private static void awaitOrders(int more) {
    int now = orders().size();
    Await.until(LONG, () -> "more orders than " + now, () -> orders().size() >= now + more);
  }

  @Test
  void allGoesOnWhileTheEngineIsReplaced() {
    HostFiles.write(product.home().resolve("index.html"), "open today\n");
    kapsel("volume", "create", "site").ok();
    start(
        "web",
        List.of("-v", "site:/www", "--restart", "unless-stopped", "--health-cmd", "test -e /www"),
        "busybox",
        "httpd",
        "-f",
        "-p",
        "8080",
        "-h",
        "/www");
    kapsel("cp", product.home().resolve("index.html").toString(), "web:/www/").ok();
    start("db", List.of("-v", "data:/data", "-m", "128m"), "python3", "-c", WRITER);
    Await.until(LONG, () -> "the page: " + page(), () -> page().equals("open today\n"));
    awaitOrders(5);
    String web = pid("web");
    String db = pid("db");

    product.stopEngine(); // as an upgrade does
    Await.until(LONG, () -> "it answers again", () -> page().equals("open today\n"));
    awaitOrders(5);
    product.killEngine();
    awaitOrders(5);

    assertThat(pid("web")).isEqualTo(web);
    assertThat(pid("db")).isEqualTo(db);
    List<String> orders = orders();
    assertThat(orders)
        .isEqualTo(IntStream.rangeClosed(1, orders.size()).mapToObj(Integer::toString).toList());

    kapsel("rm", "-f", "db").ok();
    List<String> words =
        List.of("run", "--rm", "-v", "data:/data", "host:", "python3", "-c", COUNT);
    int kept = Integer.parseInt(kapsel(words.toArray(String[]::new)).ok().line());
    assertThat(kept).isGreaterThanOrEqualTo(orders.size());
    assertThat(page()).isEqualTo("open today\n");
  }

  @Test
  void whatDoesNotComeUpSaysWhy() {
    start(
        "app",
        List.of("--restart", "on-failure"),
        "sh",
        "-c",
        "echo cannot read /etc/app.conf >&2; exit 78");
    Await.until(
        LONG,
        () -> "it was started again",
        () ->
            Integer.parseInt(kapsel("inspect", "-f", "{{.RestartCount}}", "app").ok().line()) >= 3);

    assertThat(kapsel("ps", "-a", "--format", "{{.Names}} {{.Status}}").ok().line())
        .startsWith("app ");
    assertThat(kapsel("why", "app").ok().out())
        .contains("78")
        .contains("cannot read /etc/app.conf");

    kapsel("update", "--restart", "no", "app").ok();
    kapsel("stop", "-t", "0", "app").ok();
    int restarts =
        Integer.parseInt(kapsel("inspect", "-f", "{{.RestartCount}}", "app").ok().line());
    assertThat(kapsel("why", "app").ok().out()).contains("78");
    assertThat(kapsel("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", "app").ok().line())
        .isEqualTo("exited " + restarts);
  }
}
