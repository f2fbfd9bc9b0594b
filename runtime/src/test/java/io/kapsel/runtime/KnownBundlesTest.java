package io.kapsel.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.plan.EncodedSegment;
import io.kapsel.runtime.plan.Segment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A plan is used again only where planning anew would give the same. */
class KnownBundlesTest {
  private final KnownBundles known = new KnownBundles();
  private final HostFacts facts = Hosts.hybrid();
  private int planned;

  @TempDir Path directory;

  @BeforeEach
  void makeRoot() throws Exception {
    Files.createDirectories(directory.resolve("rootfs/etc"));
  }

  private Bundle bundle(String text) {
    Spec spec = known.spec(text.getBytes(UTF_8));
    AsWritten written =
        new AsWritten(directory, CgroupPlace.of(facts.cgroups(), "", "x", Map.of()), true);
    Stdio stdio = Stdio.of(new Guest(0, true, Optional.empty(), Optional.empty()), false, 0, 0);
    return known.bundle(new KnownBundles.Request("x", spec, written, stdio, directory));
  }

  private List<EncodedSegment> plan(String text) {
    return plan(text, "/proc/1/ns/mnt");
  }

  /** What is used for a launch, which has to be what planning gives now. */
  private List<EncodedSegment> plan(String text, String mounts) {
    Bundle bundle = bundle(text);
    List<EncodedSegment> used =
        known.plan(bundle, Optional.of(mounts), () -> planned(bundle, mounts)).segments();
    List<Segment> now = LaunchPlanner.plan(bundle, facts).segments();
    for (int i = 0; i < now.size(); i++) {
      assertThat(used.get(i).sameAs(EncodedSegment.of(now.get(i)))).isTrue();
    }
    return used;
  }

  private KnownBundles.Planned planned(Bundle bundle, String mounts) {
    planned++;
    return new KnownBundles.Planned(
        LaunchPlanner.plan(bundle, facts).segments().stream().map(EncodedSegment::of).toList(),
        List.of(),
        Optional.of(mounts));
  }

  @Test
  void plansTheSameBundleOnce() {
    assertThat(plan(WrittenBundles.STANDARD)).isSameAs(plan(WrittenBundles.STANDARD));
    assertThat(planned).isEqualTo(1);
  }

  @Test
  void plansAnewWhatIsWrittenOtherwise() {
    plan(WrittenBundles.STANDARD);
    plan(WrittenBundles.STANDARD.replace("\"hostname\":\"box\"", "\"hostname\":\"cat\""));
    assertThat(planned).isEqualTo(2);
  }

  @Test
  void plansAnewWhenALinkStandsWhereAMountGoes() throws Exception {
    plan(WrittenBundles.STANDARD);
    Files.createSymbolicLink(directory.resolve("rootfs/dev"), Path.of("etc"));
    plan(WrittenBundles.STANDARD);
    assertThat(planned).isEqualTo(2);
  }

  @Test
  void plansAnewWhenTheHomeOfTheUserChanges() throws Exception {
    String text = WrittenBundles.STANDARD.replace(",\"HOME=/root\"", "");
    plan(text);
    Files.writeString(directory.resolve("rootfs/etc/passwd"), "root:x:0:0::/elsewhere:/bin/sh\n");
    plan(text);
    assertThat(planned).isEqualTo(2);
  }

  @Test
  void plansAnewWhenTheSourceOfABindMountBecomesAFile() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    String text =
        WrittenBundles.STANDARD.replace(
            "],\n \"linux\"",
            ",{\"destination\":\"/s\",\"source\":\""
                + source
                + "\",\"options\":[\"bind\"]}],\n \"linux\"");
    plan(text);
    Files.delete(source);
    Files.createFile(source);
    plan(text);
    assertThat(planned).isEqualTo(2);
  }

  @Test
  void plansAnewForALauncherElsewhere() {
    plan(WrittenBundles.STANDARD);
    plan(WrittenBundles.STANDARD, "/proc/2/ns/mnt");
    assertThat(planned).isEqualTo(2);
  }

  @Test
  void plansWhatHasHooksEachTime() {
    String text =
        WrittenBundles.STANDARD.replace(
            "\"hostname\"", "\"hooks\":{\"poststop\":[{\"path\":\"/bin/true\"}]},\"hostname\"");
    plan(text);
    plan(text);
    assertThat(planned).isEqualTo(2);
  }

  @Test
  void keepsTheLastOnesOnly() {
    for (int i = 0; i < 5; i++) {
      plan(WrittenBundles.STANDARD.replace("\"box\"", "\"box" + i + "\""));
    }
    plan(WrittenBundles.STANDARD.replace("\"box\"", "\"box4\""));
    assertThat(planned).isEqualTo(5);
    plan(WrittenBundles.STANDARD.replace("\"box\"", "\"box0\""));
    assertThat(planned).isEqualTo(6);
  }
}
