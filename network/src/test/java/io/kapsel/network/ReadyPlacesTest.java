package io.kapsel.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gets a place that was made before, and when there is none. */
class ReadyPlacesTest {
  private static final String ID = "a".repeat(64);

  @TempDir private Path directory;

  private Network network(String subnet) {
    Subnet only = new Subnet(subnet, subnet.replaceFirst("0/.*", "1"), Optional.empty(), Map.of());
    return new Network(
        Network.SCHEMA,
        "b".repeat(64),
        Network.DEFAULT,
        Network.BRIDGE,
        Instant.EPOCH,
        false,
        false,
        false,
        List.of(only),
        Map.of(),
        Map.of(),
        List.of());
  }

  private ReadyPlaces places(Network network) {
    Registry registry = new Registry(directory);
    registry.add(network);
    return new ReadyPlaces(new Places(registry, new Naming("abc")));
  }

  private static Member member(List<Attachment> attachments, Restrictions restrictions) {
    return new Member(ID, "one", "one", attachments, List.of(), restrictions, List.of());
  }

  private static Member plainly(String id, List<Endpoint> had) {
    return new Member(
        id,
        "one",
        "one",
        List.of(Attachment.to(Network.DEFAULT)),
        List.of(),
        Restrictions.NONE,
        had);
  }

  @Test
  void whoWantsAPlaceBackThatHeHadGetsNoReadyOne() {
    Network network = network("172.17.0.0/16");
    ReadyPlaces ready = places(network);
    Endpoint made = ready.reserve(ID, "aaa", network, 0).orElseThrow().endpoints().getFirst();
    Member back = plainly(ID, List.of(made));

    assertThat(ready.fitting(back)).isEmpty();
    assertThat(ready.unfit(plainly("d".repeat(64), List.of(made)), 1)).containsExactly(ID);
    assertThat(back.had(network)).contains(made);
  }

  @Test
  void whoWantsOnlyTheDefaultNetworkGetsIt() {
    Network network = network("172.17.0.0/16");
    ReadyPlaces ready = places(network);
    Endpoint made = ready.reserve(ID, "aaa", network, 0).orElseThrow().endpoints().getFirst();
    Attachment plain = Attachment.to(Network.DEFAULT);
    Attachment chosen =
        new Attachment(
            Network.DEFAULT,
            Optional.empty(),
            Optional.empty(),
            Optional.of("02:00:00:00:00:07"),
            List.of(),
            0);

    assertThat(made.ipv4()).contains("172.17.0.2");
    assertThat(ready.fitting(member(List.of(plain), Restrictions.NONE))).contains(made);
    assertThat(ready.fitting(member(List.of(chosen), Restrictions.NONE))).isEmpty();
    assertThat(ready.fitting(member(List.of(plain, plain), Restrictions.NONE))).isEmpty();
    Restrictions slow = new Restrictions(List.of(), Optional.of(NetworkRate.parse("in=1mbit")));
    assertThat(ready.fitting(member(List.of(plain), slow))).isEmpty();
    assertThat(ready.unfit(plainly(ID, List.of()), 1)).containsExactly(ID);
    assertThat(ready.remove(ID)).isPresent();
    assertThat(ready.unfit(plainly(ID, List.of()), 1)).isEmpty();
  }

  @Test
  void whereOthersMayNeedThemThereAreNone() {
    Network small = network("172.17.0.0/24");
    assertThat(places(small).reserve(ID, "aaa", small, 0)).isEmpty();
  }

  @Test
  void aNetworkWithManyContainersHasNoneAndGivesUpThoseThatItHas() {
    Network network = network("172.17.0.0/16");
    ReadyPlaces ready = places(network);
    assertThat(ready.reserve(ID, "aaa", network, 512)).isPresent();
    assertThat(ready.reserve("c".repeat(64), "ccc", network, 513)).isEmpty();
    assertThat(ready.unfit(plainly("d".repeat(64), List.of()), 513)).containsExactly(ID);
  }
}
