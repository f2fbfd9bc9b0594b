package io.kapsel.network;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** The addresses that were found by names which policies allow, until they are forgotten. */
final class Learned {
  private static final int MOST = 4096;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, LinkedHashMap<Found, Known>> byPolicy = new HashMap<>();

  /** An address, and a port of it; 0: all. */
  record Found(InetAddress address, int port) {}

  private record Known(long until, String name) {}

  /** An address that is still known, and for how long. */
  record Left(Found found, Duration life) {}

  /** Keeps it; false when there are too many. */
  boolean add(String key, Found found, String name, Duration life) {
    lock.lock();
    try {
      LinkedHashMap<Found, Known> all = byPolicy.computeIfAbsent(key, _ -> new LinkedHashMap<>());
      all.values().removeIf(each -> each.until() - System.nanoTime() < 0);
      if (all.size() >= MOST && !all.containsKey(found)) {
        return false;
      }
      all.put(found, new Known(System.nanoTime() + life.toNanos(), name));
      return true;
    } finally {
      lock.unlock();
    }
  }

  List<Left> of(String key) {
    lock.lock();
    try {
      List<Left> all = new ArrayList<>();
      byPolicy
          .getOrDefault(key, new LinkedHashMap<>())
          .forEach((found, known) -> {
            long left = known.until() - System.nanoTime();
            if (left > 0) {
              all.add(new Left(found, Duration.ofNanos(left)));
            }
          });
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** The name by which an address was found. */
  Optional<String> name(String key, InetAddress address) {
    lock.lock();
    try {
      return byPolicy.getOrDefault(key, new LinkedHashMap<>()).entrySet().stream()
          .filter(each -> each.getKey().address().equals(address))
          .map(each -> each.getValue().name())
          .findFirst();
    } finally {
      lock.unlock();
    }
  }

  /** Whether an address is let through, at that port. */
  boolean has(String key, InetAddress address, int port) {
    return of(key).stream()
        .map(Left::found)
        .anyMatch(it -> it.address().equals(address) && (it.port() == 0 || it.port() == port));
  }

  void forget(String key) {
    lock.lock();
    try {
      byPolicy.remove(key);
    } finally {
      lock.unlock();
    }
  }
}
