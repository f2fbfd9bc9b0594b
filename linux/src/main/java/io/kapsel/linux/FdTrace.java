package io.kapsel.linux;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Remembers where descriptors were adopted; for finding leaks. */
final class FdTrace {
  private final Map<Fd, String> open = new ConcurrentHashMap<>();

  void opened(Fd fd) {
    open.put(fd, fd + " adopted\n" + callers());
  }

  void closed(Fd fd) {
    open.remove(fd);
  }

  List<String> list() {
    return List.copyOf(open.values());
  }

  private static String callers() {
    return StackWalker.getInstance()
        .walk(frames -> frames.skip(3).map(f -> "\tat " + f).collect(Collectors.joining("\n")));
  }
}
