package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Many clients at once, on one name and on one container (rows A6, X9). */
class StormsIT extends EndToEnd {
  private static final List<String> HUNDRED =
      IntStream.range(0, 100).mapToObj(i -> "" + i).toList();
  private static final List<String> FIFTY = HUNDRED.subList(0, 50);

  @Test
  void oneOfAHundredGetsTheName() throws Exception {
    kapsel("version").ok();
    Queue<Result> results = new ConcurrentLinkedQueue<>();
    AtOnce.run(
        HUNDRED,
        _ -> results.add(kapsel("create", "--name", "wanted", TestRoot.reference(), "/bin/true")));

    assertThat(results.stream().filter(each -> each.exitCode() == 0)).hasSize(1);
    assertThat(results.stream().filter(each -> each.exitCode() != 0))
        .allSatisfy(each -> assertThat(each.err()).contains("is already in use"));
    assertThat(kapsel("ps", "-a", "--format", "{{.Names}}").ok().lines()).containsExactly("wanted");
    assertThat(product.containersOnDisk()).hasSize(1);
  }

  /** Whoever wins: it is in one state, or gone, and obeys; nothing of it is left afterwards. */
  @Test
  void aContainerSurvivesWhatFiftyWantOfItAtOnce() throws Exception {
    String id =
        kapsel("run", "-d", "--name", "first", TestRoot.reference(), "/bin/sleep", "1000")
            .ok()
            .line();
    SplittableRandom random = new SplittableRandom(50);
    List<List<String>> wishes =
        FIFTY.stream().map(each -> wish(random.nextInt(6), id, "name" + each)).toList();
    AtOnce.run(
        FIFTY,
        each -> {
          Result result = kapsel(wishes.get(Integer.parseInt(each)).toArray(String[]::new));
          assertThat(result.exitCode()).as(result.toString()).isIn(0, 1);
        });

    String state = kapsel("inspect", "-f", "{{.State.Status}}", id).ok().line();
    assertThat(state).isIn("running", "exited");
    assertThat(kapsel("ps", "-aq").ok().lines()).hasSize(1);
    kapsel("restart", "-t", "0", id).ok();
    assertThat(kapsel("exec", id, "/bin/echo", "obeys").ok().line()).isEqualTo("obeys");
    kapsel("rm", "-f", id).ok();
    assertThat(product.containersOnDisk()).isEmpty();
  }

  private static List<String> wish(int kind, String id, String name) {
    return switch (kind) {
      case 0 -> List.of("start", id);
      case 1 -> List.of("stop", "-t", "0", id);
      case 2 -> List.of("kill", id);
      case 3 -> List.of("rename", id, name);
      case 4 -> List.of("restart", "-t", "0", id);
      default -> List.of("rm", id + "no"); // of one that is not there
    };
  }

  @Test
  void ofFiftyWhoRemoveItOneDoes() throws Exception {
    kapsel("run", "-d", "--name", "gone", TestRoot.reference(), "/bin/sleep", "1000").ok();
    AtOnce.run(FIFTY, _ -> assertThat(kapsel("rm", "-f", "gone").exitCode()).isIn(0, 1));

    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
    assertThat(product.containersOnDisk()).isEmpty();
  }

  /** The kernel counts what nobody reaps, and an init reaps. */
  @Test
  void deadProcessesAreReapedByAnInit() {
    String orphans = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); (true & ) ; done; sleep 1; ";
    String count = "ls -d /proc/[0-9]* | wc -l";

    assertThat(Integer.parseInt(sh(List.of("--init"), orphans + count))).isLessThan(20);
    assertThat(run("/bin/echo", "others go on").line()).isEqualTo("others go on");
  }
}
