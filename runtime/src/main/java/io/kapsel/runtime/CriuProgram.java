package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.GroupFiles;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Signal;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.process.WaitStatus;
import io.kapsel.linux.socket.SeqPacketSocket;
import io.kapsel.runtime.criu.CriuException;
import io.kapsel.runtime.criu.CriuMessage;
import io.kapsel.runtime.criu.CriuSession;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The program {@code criu} of this host; criu(8). */
public record CriuProgram(String path) {
  /** The environment that it runs with: it starts tar, ip and iptables by name. */
  static final String PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final int CHANNEL = 3;
  private static final Duration LONGEST_CHECK = Duration.ofSeconds(20);
  private static final int MOST_WORDS = 64 * 1024;

  /** The first one in {@code path}, a list such as PATH, and in the usual places. */
  public static CriuProgram find(String path) {
    List<String> places = new ArrayList<>(List.of(path.split(":")));
    places.addAll(List.of(PATH.substring("PATH=".length()).split(":")));
    for (String place : places) {
      String file = place + "/criu";
      if (place.startsWith("/") && isFile(file)) {
        return new CriuProgram(file);
      }
    }
    throw new CriuException("there is no 'criu' in PATH; install criu");
  }

  private static boolean isFile(String file) {
    try (Fd open = Open.path(file, OpenFlags.PATH)) {
      return Attributes.status(open).type() == FileType.REGULAR;
    } catch (SyscallException e) {
      return false;
    }
  }

  /** Freezes a container into files; descriptors in the options are those of this process. */
  public void dump(CriuSession.Request request, CriuMessage options) {
    dump(request, options, CriuSession.Listener.NOBODY);
  }

  /** The same with somebody who is told of stages, if the options say so. */
  public void dump(
      CriuSession.Request request, CriuMessage options, CriuSession.Listener listener) {
    SeqPacketSocket.Pair pair = SeqPacketSocket.pair();
    try (Child child = serve(pair.other())) {
      try (CriuSession session = new CriuSession(pair.socket())) {
        session.ask(request, options, listener);
      } finally {
        child.await();
      }
    } catch (SyscallException e) {
      throw new CriuException("cannot run '" + path + "': " + e.getMessage());
    }
  }

  /** What failed, and what its log says of it. */
  public String explain(CriuException failure, Path log) {
    StringBuilder text = new StringBuilder(String.valueOf(failure.getMessage()));
    text.append("; log file: ").append(log);
    GroupFiles.lines(log).stream()
        .filter(line -> line.contains("Error (") && text.indexOf("Error (") < 0)
        .map(line -> line.substring(line.indexOf("Error (")))
        .findFirst()
        .ifPresent(line -> text.append("; ").append(line));
    complaint().ifPresent(line -> text.append("; criu check: ").append(line));
    return text.toString();
  }

  private Child serve(Fd channel) {
    try (channel) {
      return Spawn.path(path)
          .arguments(List.of("criu", "swrk", Integer.toString(CHANNEL)))
          .environment(List.of(PATH))
          .descriptor(CHANNEL, channel)
          .start();
    }
  }

  /** What it says of this kernel when it is asked to check; nothing when it is content. */
  public Optional<String> complaint() {
    try (Fd said = Memfd.room("said", MOST_WORDS)) {
      Spawn spawn =
          Spawn.path(path)
              .arguments(List.of("criu", "check"))
              .environment(List.of(PATH))
              .descriptor(1, said)
              .descriptor(2, said);
      try (Child child = spawn.start()) {
        Optional<WaitStatus> status = child.await(LONGEST_CHECK);
        if (status.isEmpty()) {
          child.process().signal(Signal.KILL.number());
          child.await();
          return Optional.of("it has not ended after " + LONGEST_CHECK.toSeconds() + " s");
        }
        return status.get().code() == 0
            ? Optional.empty()
            : Optional.of(lastError(HookRunner.said(said)));
      }
    } catch (SyscallException e) {
      return Optional.of("it cannot be run: " + e.getMessage());
    }
  }

  private static String lastError(String said) {
    List<String> errors =
        said.lines().map(String::strip).filter(line -> line.startsWith("Error")).toList();
    return errors.isEmpty() ? said.strip() : errors.getFirst();
  }
}
