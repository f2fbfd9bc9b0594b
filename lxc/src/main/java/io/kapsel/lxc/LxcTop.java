package io.kapsel.lxc;

import io.kapsel.base.ByteSize;
import io.kapsel.engine.Container;
import io.kapsel.engine.EngineException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** {@code lxc-top}: what containers use, again and again, until nobody looks. */
final class LxcTop {
  private static final String HOME = "\033[H\033[J";
  private static final String HEADING = "\033[7m\033[1m";
  private static final String PLAIN = "\033[0m";
  private static final double USUAL_DELAY = 3;
  private static final double NANOS = 1e9;
  private static final long NANOS_PER_TICK = 10_000_000;
  private static final long MICROS_PER_TICK = 10_000;

  private static final Map<String, Comparator<Use>> ORDERS =
      Map.of(
          "n", Comparator.comparing(Use::name),
          "c", Comparator.comparingLong(Use::cpuNanos),
          "b", Comparator.comparingLong(Use::io),
          "m", Comparator.comparingLong(Use::memory),
          "s", Comparator.comparingLong(Use::memoryAndSwap),
          "k", Comparator.comparingLong(Use::kernelMemory));

  /** One container at one moment. */
  private record Use(
      String name,
      long cpuNanos,
      Ticks ticks,
      long read,
      long written,
      long memory,
      long memoryAndSwap,
      long kernelMemory) {
    long io() {
      return read + written;
    }
  }

  /** Of the processors' time, in hundredths of a second. */
  private record Ticks(long system, long user) {}

  private final LxcCall call;
  private final boolean batch;

  private LxcTop(LxcCall call) {
    this.call = call;
    this.batch = call.options().has("batch");
  }

  static int run(LxcCall call) {
    return new LxcTop(call).run();
  }

  private int run() {
    double delay = call.options().last("delay").map(LxcTop::delay).orElse(USUAL_DELAY);
    String key = call.options().last("sort").orElse("n");
    Comparator<Use> order = ORDERS.get(key);
    if (order == null) {
      throw new LxcException("lxc-top: invalid sort key '" + key + "', it is one of n c b m s k");
    }
    if (!batch && !call.caller().terminal()) {
      throw new LxcException("stdin is not a tty");
    }
    // names rise, amounts fall
    boolean falls = !key.equals("n") != call.options().has("reverse");
    Comparator<Use> wanted = falls ? order.reversed() : order;
    if (batch) {
      call.print(
          "time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,"
              + "mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes");
    }
    while (true) {
      List<Use> all = new ArrayList<>();
      for (String name : call.place().names()) {
        call.place().running(name).flatMap(LxcTop::use).ifPresent(all::add);
      }
      all.sort(wanted);
      show(all);
      pause(delay); // until the caller leaves
    }
  }

  private void pause(double seconds) {
    int _ =
        call.caller()
            .waiting(() -> {
              TimeUnit.NANOSECONDS.sleep((long) (seconds * NANOS));
              return 0;
            });
  }

  private static double delay(String text) {
    try {
      double seconds = Double.parseDouble(text);
      if (seconds > 0 && seconds < Integer.MAX_VALUE) {
        return seconds;
      }
    } catch (NumberFormatException _) {
      // told below
    }
    throw new LxcException("lxc-top: '" + text + "' is no number of seconds");
  }

  /** Nothing where it has ended meanwhile. */
  private static Optional<Use> use(Container container) {
    try {
      var usage = container.measures().usage();
      Map<String, Long> held =
          container.measures().accounts().stream()
              .collect(
                  Collectors.toMap(
                      io.kapsel.runtime.Account::resource, each -> each.held().orElse(0L)));
      long memory = held.getOrDefault("memory", usage.memory());
      return Optional.of(
          new Use(
              container.name(),
              usage.cpuNanos(),
              ticks(container, usage.cpuNanos()),
              usage.io().read(),
              usage.io().written(),
              memory,
              memory + held.getOrDefault("swap", 0L),
              held.getOrDefault("kmem", 0L)));
    } catch (EngineException _) {
      return Optional.empty();
    }
  }

  private static Ticks ticks(Container container, long all) {
    Map<String, Long> micros =
        container.measures().group("cpu.stat").stream()
            .flatMap(String::lines)
            .map(line -> line.split(" ", 2))
            .filter(words -> words.length == 2 && words[1].matches("\\d+"))
            .collect(Collectors.toMap(words -> words[0], words -> Long.valueOf(words[1])));
    Long system = micros.get("system_usec");
    Long user = micros.get("user_usec");
    return system != null && user != null
        ? new Ticks(system / MICROS_PER_TICK, user / MICROS_PER_TICK)
        : legacy(container).orElseGet(() -> new Ticks(0, all / NANOS_PER_TICK));
  }

  private static Optional<Ticks> legacy(Container container) {
    return container
        .measures()
        .group("cpuacct.stat")
        .map(text -> text.strip().split("\\s+", -1))
        .filter(words -> words.length == 4)
        .map(words -> new Ticks(Long.parseLong(words[3]), Long.parseLong(words[1])));
  }

  private void show(List<Use> all) {
    StringBuilder text = new StringBuilder();
    if (batch) {
      long now = Instant.now().toEpochMilli();
      all.forEach(each -> text.append(record(now, each)).append('\n'));
    } else {
      text.append(HOME).append(HEADING).append(headings()).append(PLAIN);
      all.forEach(each -> text.append(row(each)).append('\n'));
      text.append(total(all));
    }
    call.caller().out(text.toString());
  }

  private static String record(long now, Use use) {
    return "%d,%s,%d,%d,%d,%d,%d,%d,%d,%d"
        .formatted(
            now,
            use.name(),
            use.cpuNanos(),
            use.ticks().system(),
            use.ticks().user(),
            use.io(),
            0,
            use.memory(),
            use.memoryAndSwap(),
            use.kernelMemory());
  }

  private static String headings() {
    String form = "%-18s %12s %12s %12s %36s %10s %10s %10s%n";
    return form.formatted("Container", "CPU", "CPU", "CPU", "BlkIO", "Mem", "MemSw", "KMem")
        + form.formatted(
            "Name", "Used", "Sys", "User", "Total(Read/Write)", "Used", "Used", "Used");
  }

  private static String total(List<Use> all) {
    Ticks ticks =
        new Ticks(
            all.stream().mapToLong(each -> each.ticks().system()).sum(),
            all.stream().mapToLong(each -> each.ticks().user()).sum());
    return row(
        new Use(
            "TOTAL %d of %d".formatted(all.size(), all.size()),
            all.stream().mapToLong(Use::cpuNanos).sum(),
            ticks,
            all.stream().mapToLong(Use::read).sum(),
            all.stream().mapToLong(Use::written).sum(),
            all.stream().mapToLong(Use::memory).sum(),
            all.stream().mapToLong(Use::memoryAndSwap).sum(),
            all.stream().mapToLong(Use::kernelMemory).sum()));
  }

  private static String row(Use use) {
    String io =
        "%s(%s/%s)"
            .formatted(
                ByteSize.printBinary(use.io()),
                ByteSize.printBinary(use.read()),
                ByteSize.printBinary(use.written()));
    return String.format(
        Locale.ROOT,
        "%-18.18s %12.2f %12.2f %12.2f %36s %10s %10s %10s",
        use.name(),
        use.cpuNanos() / NANOS,
        use.ticks().system() / 100.0,
        use.ticks().user() / 100.0,
        io,
        ByteSize.printBinary(use.memory()),
        ByteSize.printBinary(use.memoryAndSwap()),
        ByteSize.printBinary(use.kernelMemory()));
  }
}
