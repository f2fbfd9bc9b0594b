package io.kapsel.linux.process;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.memory.Memfd;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A program of the host that a configuration or a command line names, run to its end. It has three
 * descriptors and the environment that it is given, and nothing else of this process; what it says
 * is bounded, and so is its time: then it is killed with all that it started in its session.
 */
public final class HostProgram {
  private static final int MOST_OUTPUT = 4 << 20;
  private static final int MOST_ANSWER = 1 << 20;
  private static final int CHUNK = 8192;
  private static final int FIRST_HELD = 3;
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private HostProgram() {}

  /**
   * How it ended, and what it said on both streams.
   *
   * @param status nothing where it did not end in time, and was killed with what it started
   */
  public record Ended(Optional<WaitStatus> status, String said) {}

  /**
   * How it ended, what it answered on its standard output, and what it complained of on the other.
   *
   * @param status nothing where it did not end in time, and was killed with what it started
   */
  public record Answered(Optional<WaitStatus> status, String answer, String complaint) {}

  /** Runs it with this environment; throws {@code SyscallException} where it cannot be executed. */
  public static Ended run(List<String> words, List<String> environment) {
    try (Fd output = Memfd.room("output", MOST_OUTPUT)) {
      Spawn spawn = spawn(words, environment).descriptor(1, output).descriptor(2, output);
      return new Ended(end(spawn, LIMIT), said(output));
    }
  }

  /**
   * Gives it {@code input} to read and takes its answer.
   *
   * @param held stay open in it and in what it starts, as a lock of a file does until then
   */
  public static Answered ask(
      List<String> words, List<String> environment, byte[] input, List<Fd> held, Duration limit) {
    try (Fd written = Memfd.sealed("input", input);
        Fd read = Open.path(OwnProcess.PATH + "/fd/" + written.number(), OpenFlags.READ);
        Fd answer = Memfd.room("answer", MOST_ANSWER);
        Fd complaint = Memfd.room("complaint", MOST_ANSWER)) {
      Spawn spawn =
          spawn(words, environment)
              .descriptor(0, read)
              .descriptor(1, answer)
              .descriptor(2, complaint);
      for (int i = 0; i < held.size(); i++) {
        spawn.descriptor(FIRST_HELD + i, held.get(i));
      }
      return new Answered(end(spawn, limit), said(answer), said(complaint));
    }
  }

  private static Spawn spawn(List<String> words, List<String> environment) {
    return Spawn.path(words.getFirst()).arguments(words).environment(environment).session();
  }

  private static Optional<WaitStatus> end(Spawn spawn, Duration limit) {
    try (Child child = spawn.start()) {
      Optional<WaitStatus> status = child.await(limit);
      if (status.isEmpty()) {
        child.killGroup();
        child.await();
      }
      return status;
    }
  }

  /** What was written into the room, up to the first zero. */
  private static String said(Fd output) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] chunk = new byte[CHUNK];
    int length = CHUNK;
    for (int count; length == CHUNK; all.write(chunk, 0, length)) {
      count = Content.readAt(output, all.size(), chunk, 0, CHUNK);
      length = 0;
      while (length < count && chunk[length] != 0) {
        length++;
      }
    }
    return all.toString(StandardCharsets.UTF_8);
  }
}
