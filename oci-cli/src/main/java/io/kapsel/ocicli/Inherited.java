package io.kapsel.ocicli;

import io.kapsel.oci.Process;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Descriptors that the caller passes through: those asked for, and those of sd_listen_fds(3). */
final class Inherited {
  private static final int FIRST = 3;

  private Inherited() {}

  static int count(Call call) {
    int asked = call.words().number("preserve-fds", 0);
    for (int i = 0; i < asked; i++) {
      Path descriptor =
          Path.of(
              "/proc", Integer.toString(call.caller().pid()), "fd", Integer.toString(FIRST + i));
      if (!Files.exists(descriptor, LinkOption.NOFOLLOW_LINKS)) {
        throw new OciException(
            "unable to preserve descriptor %d: it is not open".formatted(FIRST + i));
      }
    }
    return asked + listening(call);
  }

  private static int listening(Call call) {
    return call.caller()
        .variable("LISTEN_FDS")
        .filter(each -> each.matches("\\d{1,4}"))
        .map(Integer::parseInt)
        .orElse(0);
  }

  /** Tells the program of its listening sockets: inside, its pid is 1. */
  static Process adjust(Call call, Process process) {
    int count = listening(call);
    if (count == 0) {
      return process;
    }
    List<String> env = new ArrayList<>(process.env());
    env.add("LISTEN_FDS=" + count);
    env.add("LISTEN_PID=1");
    call.caller().variable("LISTEN_FDNAMES").ifPresent(each -> env.add("LISTEN_FDNAMES=" + each));
    return process.withEnv(env);
  }
}
