package io.kapsel.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.base.JsonException;
import io.kapsel.linux.cgroup.CgroupException;
import io.kapsel.linux.seccomp.SeccompException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.runtime.plan.LaunchPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Whatever is in a config.json, the answer is a plan that can be encoded or an error that says what
 * is wrong; never an accident of ours. The changes are random, and the same in each run.
 */
class ConfigMutationTest {
  private static final int ROUNDS = 3000;
  private static final int LARGEST_SEGMENT = 1 << 20;
  private static final Pattern VALUE = Pattern.compile("\"[^\"]*\"|-?[0-9]+|true|false");
  private static final List<String> ODD =
      List.of(
          "null",
          "0",
          "-1",
          "1",
          "65536",
          "2147483648",
          "9223372036854775807",
          "18446744073709551615",
          "1.5",
          "\"\"",
          "\"/\"",
          "\"..\"",
          "\"/../../x\"",
          "\"\\u0000\"",
          "\"a\\nb\"",
          "[]",
          "{}",
          "[[]]",
          "{\"a\":{}}",
          "true",
          "\"max\"",
          "\"rbind\"",
          "\"\\ud800\"",
          "\"tmpfs\"",
          "\"/proc\"",
          "\"user\"",
          "\"0-9999999999\"");

  private static final String WHOLE =
      WrittenBundles.STANDARD
          .replace(
              "\"linux\":{",
              "\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
                  + "\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
                  + "\"sysctl\":{\"net.core.somaxconn\":\"9\"},\"cgroupsPath\":\"a/b\","
                  + "\"timeOffsets\":{\"boottime\":{\"secs\":1,\"nanosecs\":2}},"
                  + "\"personality\":{\"domain\":\"LINUX32\"},"
                  + "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[]},"
                  + "\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":438}],"
                  + "\"netDevices\":{\"kapsel-none0\":{\"name\":\"eth0\"}},"
                  + "\"rootfsPropagation\":\"rslave\","
                  + "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
                  + "\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[{\"names\":[\"read\"],"
                  + "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]},")
          .replace(
              "\"resources\":{",
              "\"resources\":{\"memory\":{\"limit\":1000,\"swap\":2000,\"swappiness\":5},"
                  + "\"cpu\":{\"shares\":5,\"quota\":5,\"cpus\":\"0-1\"},\"pids\":{\"limit\":3},"
                  + "\"blockIO\":{\"weight\":50},")
          .replace(
              "\"process\":{",
              "\"process\":{\"oomScoreAdj\":5,\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":1},"
                  + "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":1},")
          .replace(
              "\"hostname\"",
              "\"annotations\":{\"a\":\"b\"},\"hooks\":{\"createContainer\":[{\"path\":\"/x\",\"timeout\":1}]},"
                  + "\"hostname\"")
          .replace(
              "{\"type\":\"pid\"}", "{\"type\":\"pid\"},{\"type\":\"user\"},{\"type\":\"time\"}");

  private final SplittableRandom random = new SplittableRandom(20260101);
  private int planned;
  private int refused;

  @Test
  void isPlannedOrRefusedWithAReason() {
    tryOne(WHOLE);
    assertThat(planned).isOne();
    for (int i = 0; i < ROUNDS; i++) {
      String text = WHOLE;
      for (int n = random.nextInt(3); n >= 0; n--) {
        text = random.nextInt(5) == 0 ? damaged(text) : changed(text);
      }
      tryOne(text);
    }
    assertThat(planned).isGreaterThan(ROUNDS / 20);
    assertThat(refused).isGreaterThan(ROUNDS / 20);
  }

  /** Another value for a name or a value somewhere. */
  private String changed(String text) {
    Matcher values = VALUE.matcher(text);
    int count = (int) values.results().count();
    int which = random.nextInt(Math.max(count, 1));
    String other = ODD.get(random.nextInt(ODD.size()));
    values.reset();
    for (int i = 0; values.find(); i++) {
      if (i == which) {
        return text.substring(0, values.start()) + other + text.substring(values.end());
      }
    }
    return text;
  }

  /** A part is missing, doubled, or a byte is another. */
  private String damaged(String text) {
    int at = random.nextInt(text.length());
    int end = Math.min(text.length(), at + 1 + random.nextInt(40));
    return switch (random.nextInt(3)) {
      case 0 -> text.substring(0, at) + text.substring(end);
      case 1 -> text.substring(0, end) + text.substring(at);
      default -> text.substring(0, at) + (char) (random.nextInt(94) + 33) + text.substring(at + 1);
    };
  }

  private void tryOne(String text) {
    try {
      WrittenBundles bundles =
          new WrittenBundles(Path.of("/nowhere"), "x", Hosts.hybrid().cgroups());
      LaunchPlan plan = LaunchPlanner.plan(bundles.bundle(text), Hosts.hybrid());
      assertThat(plan.sandbox().encode().length).isLessThan(LARGEST_SEGMENT);
      assertThat(plan.container().encode().length).isLessThan(LARGEST_SEGMENT);
      planned++;
    } catch (JsonException
        | InvalidSpecException
        | LaunchException
        | SeccompException
        | CgroupException e) {
      assertThat(e.getMessage()).isNotBlank();
      refused++;
    } catch (RuntimeException e) {
      throw new AssertionError("an accident with " + new String(text.getBytes(UTF_8), UTF_8), e);
    }
  }
}
