package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A distribution that was copied elsewhere, with the AOT cache of the place where it was built. */
class CopiedIT extends EndToEnd {
  @Test
  void worksWithoutTheCacheOfAnotherPlaceAndMakesItsOwn() {
    String archive = product.home().resolve("root.tar").toString();
    Command.of("tar", "-C", TestRoot.path().toString(), "-cf", archive, ".").run().ok();
    kapsel("import", archive, "root:1").ok();
    kapsel("create", "--name", "one", "root:1", "/bin/true").ok();
    product.stopEngine();
    Installation copy = Installation.copied(product);

    // Packs by classes that no cache has and unpacks by some that one has, of one package.
    product.by(copy.prefix()).kapsel("commit", "--compression", "zstd", "one", "two:1").ok();

    assertThat(HostFiles.read("/proc/" + product.engine() + "/cmdline"))
        .doesNotContain("AOTCache=" + copy.prefix());
    Await.until(Duration.ofSeconds(5), () -> "a cache is ordered", () -> !copy.told().isEmpty());
    assertThat(copy.told()).isEqualTo(product.state().resolve("cache").toString());
  }

  @Test
  void theOriginalUsesTheCacheThatWasBuiltWithIt() {
    kapsel("ps").ok();

    assertThat(HostFiles.read("/proc/" + product.engine() + "/cmdline"))
        .contains("AOTCache=" + Product.DIST.toAbsolutePath());
  }
}
