package io.kapsel.ocicli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.base.Json;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shares of cache and memory bandwidth of a running container, with files in place of resctrl. */
class ResctrlTest {
  @TempDir private Path point;

  private static Words words(String... words) {
    return Words.parse(List.of(words), new UpdateCommand().options());
  }

  private static Spec spec(String rdt) {
    String json = "{\"ociVersion\":\"1.2.0\",\"linux\":{%s}}".formatted(rdt);
    return Json.read(json.getBytes(StandardCharsets.UTF_8), Spec.class);
  }

  private Resctrl with(String... resources) throws IOException {
    for (String resource : resources) {
      Files.createDirectories(point.resolve("info").resolve(resource));
    }
    return new Resctrl(point);
  }

  @Test
  void whatIsNamedReplacesOneSchemaAndKeepsTheOther() throws IOException {
    Path group = Files.createDirectory(point.resolve("gold"));
    Files.createFile(group.resolve("schemata"));
    Spec before =
        spec(
            "\"intelRdt\":{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0=ff\",\"memBwSchema\":\"MB:0=20\"}");
    Resctrl resctrl = with("L3", "MB");

    Optional<Linux.IntelRdt> wanted =
        resctrl.wanted(words("--l3-cache-schema", "L3:0=f", "web"), before);
    resctrl.write(wanted.orElseThrow(), "web");

    assertThat(group.resolve("schemata")).hasContent("L3:0=f\nMB:0=20\n");
    assertThat(Resctrl.applied(before, wanted).linux().orElseThrow().intelRdt()).isEqualTo(wanted);
  }

  @Test
  void aClassWithoutANameIsNamedAfterTheContainer() throws IOException {
    Path group = Files.createDirectory(point.resolve("web"));
    Files.createFile(group.resolve("schemata"));
    Resctrl resctrl = with("MB");

    resctrl.write(
        resctrl
            .wanted(words("--mem-bw-schema=MB:0=50", "web"), spec("\"intelRdt\":{}"))
            .orElseThrow(),
        "web");

    assertThat(group.resolve("schemata")).hasContent("MB:0=50\n");
  }

  @Test
  void whatTheHostDoesNotOfferIsRefusedByName() throws IOException {
    Resctrl bandwidth = with("MB");
    Spec spec = spec("\"intelRdt\":{}");

    assertThatThrownBy(() -> bandwidth.wanted(words("--l3-cache-schema", "L3:0=f", "web"), spec))
        .hasMessage("Intel RDT/CAT: l3 cache schema is not enabled");
    assertThatThrownBy(() ->
            new Resctrl(point.resolve("nowhere"))
                .wanted(words("--mem-bw-schema", "MB:0=1", "web"), spec))
        .hasMessage("Intel RDT/MBA: memory bandwidth schema is not enabled");
  }

  @Test
  void aContainerThatHasNoClassGetsNone() throws IOException {
    Resctrl resctrl = with("L3");

    assertThatThrownBy(() ->
            resctrl.wanted(words("--l3-cache-schema", "L3:0=f", "web"), spec("\"sysctl\":{}")))
        .hasMessage("updating a non-existent Intel RDT configuration is not supported");
    assertThat(resctrl.wanted(words("--pids-limit", "5", "web"), spec("\"sysctl\":{}"))).isEmpty();
  }
}
