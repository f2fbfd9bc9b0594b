package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What docs/guide/two-tiers.md has people type, reached by two other hosts. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TwoTiersIT {
  private static final Path PAGE = Path.of("../../docs/guide/two-tiers.md");
  private static final Pattern COMMANDS = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");
  private static final Path KEPT = Path.of("/var/tmp/kapsel-test-images");
  private static final Duration LATELY = Duration.ofDays(1);
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final String GOODS = "carpets\nlamps";
  private static final String FOURTH = "203.0.114.1";

  private static TwoHosts hosts;
  private static Process third;
  private static Path home;

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void typesWhatThePageSays() throws IOException {
    hosts = new TwoHosts();
    home = Files.createTempDirectory(Path.of("/tmp"), "kapsel-two-tiers-");
    third = hosts.another("up1", FOURTH, "203.0.114.2", "2001:db8:1::1", "2001:db8:1::2");
    List<String> blocks = new ArrayList<>();
    Matcher matcher = COMMANDS.matcher(Files.readString(PAGE));
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    assertThat(blocks).hasSize(4);
    makeImage(blocks.removeFirst());
    hosts.outside().stopEngine();
    List<String> shell = List.of("nsenter", "-t", Long.toString(hosts.host.pid()), "-n", "sh");
    blocks.forEach(each -> type(hosts.product, shell, each));
  }

  /** Where the archive is reached, unless the same was made lately. */
  private static void makeImage(String commands) throws IOException {
    Path kept = KEPT.resolve(Integer.toHexString(commands.hashCode()) + ".tar");
    if (Files.exists(kept)
        && Files.getLastModifiedTime(kept).toInstant().isAfter(Instant.now().minus(LATELY))) {
      hosts.outside().command("load", "-i", kept.toString()).within(LONG).run().ok();
      return;
    }
    type(hosts.outside(), List.of("sh"), commands);
    Files.createDirectories(KEPT);
    hosts.outside().command("save", "-o", kept.toString(), "shop").within(LONG).run().ok();
  }

  private static void type(Product product, List<String> shell, String commands) {
    List<String> words = new ArrayList<>(shell);
    words.addAll(List.of("-ec", commands));
    product
        .environment(new Command(words))
        .env("PATH", Product.DIST.toAbsolutePath() + "/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .in(home)
        .within(LONG)
        .run()
        .ok();
  }

  @AfterAll
  static void leavesNothing() {
    hosts.product.removeAll();
    hosts.product.kapsel("network", "prune", "-f").ok();
    third.destroy();
    hosts.close();
    HostFiles.delete(home);
  }

  private static String page(String address) {
    return "python3 -c 'import sys, urllib.request as r;"
        + " sys.stdout.write(r.urlopen(sys.argv[1], timeout=10).read().decode())'"
        + " http://%s:8080/ 2>/dev/null || true".formatted(address);
  }

  private static void awaitAnswers() {
    Await.until(
        Duration.ofSeconds(60),
        () -> "the page answers: " + hosts.kapsel("ps", "-a"),
        () -> hosts.onHost(page("127.0.0.1")).equals(GOODS));
  }

  private static void reachedFromEverywhere() {
    awaitAnswers();
    assertThat(hosts.onHost(page("[::1]"))).isEqualTo(GOODS);
    assertThat(hosts.onNeighbour(page(TwoHosts.HOST))).isEqualTo(GOODS);
    assertThat(hosts.onNeighbour(page("[2001:db8::1]"))).isEqualTo(GOODS);
    assertThat(TwoHosts.in(third, page(FOURTH))).isEqualTo(GOODS);
    assertThat(TwoHosts.in(third, page("[2001:db8:1::1]"))).isEqualTo(GOODS);
  }

  private static String address(String field) {
    return hosts.kapsel("inspect", "-f", "{{.NetworkSettings.Networks.shop." + field + "}}", "db");
  }

  private static String askedAt(String address) {
    return hosts
        .product
        .kapsel(
            "exec",
            "web",
            "psql",
            "-At",
            "postgresql://shop:sesame@" + address + "/shop",
            "-c",
            "SELECT count(*) FROM goods")
        .ok()
        .line();
  }

  @Test
  void survivesTheDeathOfTheEngineAndAFlushOfAllRules() {
    reachedFromEverywhere();
    assertThat(askedAt("db")).isEqualTo("2");
    assertThat(askedAt(address("IPAddress"))).isEqualTo("2");
    assertThat(askedAt("[" + address("GlobalIPv6Address") + "]")).isEqualTo("2");
    String closed = "socat -u TCP:" + address("IPAddress") + ":5432,connect-timeout=1 - || echo no";
    assertThat(hosts.onNeighbour(closed)).isEqualTo("no");

    hosts.product.killEngine();
    assertThat(hosts.onHost("nft list tables")).contains("kapsel-");
    assertThat(askedAt("db")).as("by the next engine").isEqualTo("2");
    reachedFromEverywhere();

    hosts.onHost("nft flush ruleset");
    reachedFromEverywhere();

    hosts.kapsel("restart", "db");
    reachedFromEverywhere();
    assertThat(hosts.product.kapsel("network", "trace", "web", "db:5432").ok().out())
        .contains("reached");
  }
}
