package io.kapsel.runtime;

import io.kapsel.oci.Spec;
import io.kapsel.runtime.plan.EncodedSegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The bundles that were launched last, with their plans: the same one is often launched again. What
 * a plan depends on is compared each time, and what it asked of the host is asked again.
 */
final class KnownBundles {
  private static final int MOST = 4;

  /** A configuration as it was read. */
  private record Text(ByteBuffer text, Spec spec) {}

  /** What a bundle is made of. */
  record Request(String id, Spec spec, AsWritten asWritten, Stdio stdio, Path runDirectory) {
    private Bundle bundle() {
      return Bundle.written(id, spec, asWritten, stdio, runDirectory, 0);
    }
  }

  private record Made(Request request, Looks.Noted<Bundle> bundle) {}

  /**
   * A plan as the launcher gets it.
   *
   * @param mounts the small mount namespace that the launcher joins first
   */
  record Planned(List<EncodedSegment> segments, List<String> notices, Optional<String> mounts) {}

  private record Plan(Bundle bundle, Looks.Noted<Planned> planned) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Text> texts = new ArrayDeque<>();
  private final Deque<Made> bundles = new ArrayDeque<>();
  private final Deque<Plan> plans = new ArrayDeque<>();

  /** The configuration that a text is. */
  Spec spec(byte[] text) {
    ByteBuffer whole = ByteBuffer.wrap(text);
    return find(texts, each -> each.text().equals(whole))
        .orElseGet(() -> keep(texts, new Text(whole, Spec.parse(text))))
        .spec();
  }

  /** The bundle that was made for the same request, or a new one. */
  Bundle bundle(Request request) {
    return find(bundles, each -> each.request().equals(request))
        .filter(each -> each.bundle().looks().hold())
        .orElseGet(() -> keep(bundles, new Made(request, Looks.noting(request::bundle))))
        .bundle()
        .made();
  }

  /** The plan of that bundle, if nothing has changed that it depends on. */
  Planned plan(Bundle bundle, Optional<String> mounts, Supplier<Planned> planner) {
    if (asksElsewhere(bundle)) {
      return planner.get();
    }
    return find(plans, each -> each.bundle().equals(bundle))
        .filter(each -> each.planned().made().mounts().equals(mounts))
        .filter(each -> each.planned().looks().hold())
        .orElseGet(() -> keep(plans, new Plan(bundle, Looks.noting(planner))))
        .planned()
        .made();
  }

  /** Hooks are looked at as programs, and devices of the network are where they are. */
  private static boolean asksElsewhere(Bundle bundle) {
    return bundle.spec().hooks().isPresent()
        || bundle.asWritten().flatMap(AsWritten::scope).isPresent()
        || bundle.spec().linux().filter(linux -> !linux.netDevices().isEmpty()).isPresent();
  }

  private <T> Optional<T> find(Deque<T> known, Predicate<T> wanted) {
    lock.lock();
    try {
      return known.stream().filter(wanted).findFirst();
    } finally {
      lock.unlock();
    }
  }

  private <T> T keep(Deque<T> known, T made) {
    lock.lock();
    try {
      if (known.size() == MOST) {
        known.removeLast();
      }
      known.addFirst(made);
      return made;
    } finally {
      lock.unlock();
    }
  }
}
