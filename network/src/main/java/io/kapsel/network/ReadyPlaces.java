package io.kapsel.network;

import java.math.BigInteger;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Places in the default network that are whole, with address, link and rules, before the container
 * is known that gets them: making a link waits for the kernel, which may be busy with the end of
 * another one. Each belongs to a sandbox, by the id that its container will have. Callers hold the
 * lock of {@link Networks}.
 */
final class ReadyPlaces {
  /** A bridge has room for more; who asks for a place by himself comes first. */
  private static final int MOST_BESIDE = 512;

  private static final BigInteger MANY = BigInteger.valueOf(1024);

  private final Places places;
  private final Map<String, Joined> ready = new HashMap<>();
  private final Set<String> made = ConcurrentHashMap.newKeySet();

  ReadyPlaces(Places places) {
    this.places = places;
  }

  /** A place for whoever will have that id; nothing where others may need it. */
  Optional<Joined> reserve(String id, String hostname, Network network, int members) {
    boolean wide =
        network.subnets().stream().allMatch(each -> each.network().size().compareTo(MANY) >= 0);
    if (members > MOST_BESIDE || !wide) {
      return Optional.empty();
    }
    Endpoint place =
        places.take(network, id, Attachment.to(network.name()), Spares.INSIDE, members);
    Joined joined =
        new Joined(
            Joined.SCHEMA,
            id,
            id,
            hostname,
            List.of(place),
            List.of(),
            Optional.of(Restrictions.NONE));
    ready.put(id, joined);
    return Optional.of(joined);
  }

  /** Its link is there from now on. */
  void made(String id) {
    made.add(id);
  }

  /** The place that was made for a container, if it is what that wants. */
  Optional<Endpoint> fitting(Member member) {
    boolean plain =
        member.attachments().equals(List.of(Attachment.to(Network.DEFAULT)))
            && member.restrictions().rate().isEmpty();
    return Optional.ofNullable(ready.get(member.id()))
        .filter(_ -> plain && member.had().isEmpty())
        .map(it -> it.endpoints().getFirst());
  }

  /** Those that are in the way of a container that gets another place. */
  List<String> unfit(Member member, int members) {
    if (members > MOST_BESIDE || !member.had().isEmpty()) { // one may have its address by now
      return List.copyOf(ready.keySet());
    }
    return ready.containsKey(member.id()) ? List.of(member.id()) : List.of();
  }

  /** Those whose link somebody has removed. */
  List<String> lost(Wiring wiring) {
    return ready.values().stream()
        .filter(each -> made.contains(each.id()))
        .filter(each -> !wiring.has(each.endpoints().getFirst().link()))
        .map(Joined::id)
        .toList();
  }

  Optional<Joined> remove(String id) {
    made.remove(id);
    return Optional.ofNullable(ready.remove(id));
  }

  Collection<Joined> all() {
    return ready.values();
  }
}
