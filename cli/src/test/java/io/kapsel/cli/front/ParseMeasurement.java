package io.kapsel.cli.front;

import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.flag.FlagSet;
import java.util.List;

/** Prints what it costs to take a {@code run} apart, for decision 0012; run by hand. */
public final class ParseMeasurement {
  private static final int TIMES = 5000;
  private static final int ROUNDS = 8;

  private ParseMeasurement() {}

  /** Takes no arguments. */
  public static void main(String[] words) {
    long begin = System.nanoTime();
    FlagSet set = FlagSet.untilOperand(RunFlags.ofRun());
    long built = System.nanoTime();
    List<String> line =
        List.of("-it", "--rm", "-e", "X=Y", "--name", "web", "-m", "64m", "host:", "sh", "-c", "x");
    set.parse(line);
    long first = System.nanoTime();
    System.out.printf("build %d µs, first %d µs%n", (built - begin) / 1000, (first - built) / 1000);
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < TIMES; i++) {
        set.parse(line);
      }
      System.out.printf("parse %.2f µs%n", (System.nanoTime() - start) / (double) TIMES / 1e3);
    }
  }
}
