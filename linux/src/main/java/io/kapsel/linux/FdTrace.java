package io.kapsel.linux;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Remembers where descriptors were adopted; for finding leaks. */
final class FdTrace {
  private final Map<Fd, Throwable> open = new ConcurrentHashMap<>();

  void opened(Fd fd) {
    open.put(fd, new Throwable(fd.toString()));
  }

  void closed(Fd fd) {
    open.remove(fd);
  }

  List<String> list() {
    return open.values().stream().map(FdTrace::print).toList();
  }

  private static String print(Throwable origin) {
    StringWriter text = new StringWriter();
    origin.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
