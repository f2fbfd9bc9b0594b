package io.kapsel.engine.spec;

import java.util.Optional;

/** How much a container may use; what is absent is not limited, or has the engine's default. */
public record Limits(
    Optional<Long> memory,
    Optional<Long> memorySwap,
    Optional<Long> memoryReservation,
    Optional<Long> nanoCpus,
    Optional<Long> cpuShares,
    Optional<Long> cpuPeriod,
    Optional<Long> cpuQuota,
    Optional<String> cpusetCpus,
    Optional<String> cpusetMems,
    Optional<Long> pids,
    Optional<Long> swappiness,
    Optional<Boolean> oomKillDisabled) {
  /** With the engine's defaults. */
  public static final Limits DEFAULT =
      new Limits(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  private static final long MOST_SWAPPINESS = 100;
  private static final long LEAST_MEMORY = 6 << 20;
  private static final long LEAST_PERIOD = 1_000;
  private static final long LONGEST_PERIOD = 1_000_000;
  private static final long LEAST_NANO_CPUS = 10_000_000;
  private static final long NANOS = 1_000_000_000;
  private static final String CPU_SET = "\\d+(-\\d+)?(,\\d+(-\\d+)?)*";

  /** Those that most callers know. */
  public Limits(
      Optional<Long> memory,
      Optional<Long> memorySwap,
      Optional<Long> memoryReservation,
      Optional<Long> nanoCpus,
      Optional<Long> cpuShares,
      Optional<Long> cpuPeriod,
      Optional<Long> cpuQuota,
      Optional<String> cpusetCpus,
      Optional<String> cpusetMems,
      Optional<Long> pids) {
    this(
        memory,
        memorySwap,
        memoryReservation,
        nanoCpus,
        cpuShares,
        cpuPeriod,
        cpuQuota,
        cpusetCpus,
        cpusetMems,
        pids,
        Optional.empty(),
        Optional.empty());
  }

  /** Checks that the limits make sense, also together. */
  public Limits {
    swappiness.ifPresent(value ->
        InvalidRequestException.unless(
            value >= 0 && value <= MOST_SWAPPINESS,
            "a memory swappiness of %s is not between 0 and 100",
            value));
    memory.ifPresent(bytes ->
        InvalidRequestException.unless(
            bytes >= LEAST_MEMORY, "a memory limit of %s bytes is below 6 MiB", bytes));
    memorySwap.ifPresent(bytes -> checkSwap(memory, bytes));
    memoryReservation.ifPresent(bytes -> checkReservation(memory, bytes));
    nanoCpus.ifPresent(nanos ->
        InvalidRequestException.unless(
            nanos >= LEAST_NANO_CPUS, "fewer than 0.01 processors are too few"));
    InvalidRequestException.unless(
        nanoCpus.isEmpty() || (cpuPeriod.isEmpty() && cpuQuota.isEmpty()),
        "cpus and a cpu period or quota exclude each other");
    cpuPeriod.ifPresent(period ->
        InvalidRequestException.unless(
            period >= LEAST_PERIOD && period <= LONGEST_PERIOD,
            "a cpu period of %s µs is not between 1000 and 1000000",
            period));
    cpuQuota.ifPresent(quota ->
        InvalidRequestException.unless(
            quota == -1 || quota >= LEAST_PERIOD, "a cpu quota of %s µs is below 1000", quota));
    cpuShares.ifPresent(shares ->
        InvalidRequestException.unless(shares >= 0, "cpu shares of %s are negative", shares));
    cpusetCpus.ifPresent(Limits::checkSet);
    cpusetMems.ifPresent(Limits::checkSet);
    pids.ifPresent(
        limit -> InvalidRequestException.unless(limit >= -1, "a pids limit of %s", limit));
  }

  /**
   * These, but for what others say. Whoever limits processors by number gives up a quota, and the
   * other way round; a period alone keeps the number, as a quota of that period.
   */
  public Limits with(Limits other) {
    boolean number = other.nanoCpus.isPresent();
    boolean quota = other.cpuPeriod.isPresent() || other.cpuQuota.isPresent();
    Optional<Long> same =
        number
            ? Optional.empty()
            : other.cpuPeriod.flatMap(period -> nanoCpus.map(n -> n * period / NANOS));
    return new Limits(
        other.memory.or(() -> memory),
        other.memorySwap.or(() -> memorySwap),
        other.memoryReservation.or(() -> memoryReservation),
        quota ? Optional.empty() : other.nanoCpus.or(() -> nanoCpus),
        other.cpuShares.or(() -> cpuShares),
        number ? Optional.empty() : other.cpuPeriod.or(() -> cpuPeriod),
        number ? Optional.empty() : other.cpuQuota.or(() -> same).or(() -> cpuQuota),
        other.cpusetCpus.or(() -> cpusetCpus),
        other.cpusetMems.or(() -> cpusetMems),
        other.pids.or(() -> pids),
        other.swappiness.or(() -> swappiness),
        other.oomKillDisabled.or(() -> oomKillDisabled));
  }

  /** The same with what control groups of version 1 alone have. */
  public Limits with(Optional<Long> tendencyToSwap, Optional<Boolean> neverKilled) {
    return new Limits(
        memory,
        memorySwap,
        memoryReservation,
        nanoCpus,
        cpuShares,
        cpuPeriod,
        cpuQuota,
        cpusetCpus,
        cpusetMems,
        pids,
        tendencyToSwap,
        neverKilled);
  }

  private static void checkSwap(Optional<Long> memory, long bytes) {
    InvalidRequestException.unless(
        bytes == -1 || memory.isPresent(), "a limit of memory and swap needs a limit of memory");
    InvalidRequestException.unless(
        bytes == -1 || bytes >= memory.orElse(0L),
        "the limit of memory and swap is below that of memory alone: %s",
        bytes);
  }

  private static void checkReservation(Optional<Long> memory, long bytes) {
    InvalidRequestException.unless(
        bytes >= 0 && bytes <= memory.orElse(Long.MAX_VALUE),
        "a memory reservation of %s bytes is above the limit",
        bytes);
  }

  private static void checkSet(String set) {
    InvalidRequestException.unless(
        set.matches(CPU_SET), "'%s' is not a list such as 0-3 or 0,2", set);
  }
}
