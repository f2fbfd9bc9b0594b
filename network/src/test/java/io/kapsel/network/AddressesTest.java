package io.kapsel.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.netlink.Cidr;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Networks and addresses are given once, and not those that the host has. */
class AddressesTest {
  private final NetworkMaker maker = new NetworkMaker(SubnetChooser.DEFAULT, "test");

  private static NewNetwork wanted(boolean ipv6, NewNetwork.Wish... wishes) {
    return new NewNetwork("n", "bridge", false, ipv6, false, List.of(wishes), Map.of(), Map.of());
  }

  private static NewNetwork.Wish wish(String subnet) {
    return new NewNetwork.Wish(Optional.of(subnet), Optional.empty(), Optional.empty(), Map.of());
  }

  @Test
  void fourThousandNetworksHaveNothingInCommonAndSpareTheHost() {
    List<Cidr> host = List.of(Cidr.parse("172.20.0.0/14"), Cidr.parse("10.64.3.0/24"));
    List<Cidr> taken = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      List<Cidr> all = new ArrayList<>(taken);
      all.addAll(host);
      Cidr chosen = SubnetChooser.choose(SubnetChooser.DEFAULT, all).orElseThrow();
      taken.add(chosen);
    }

    assertThat(new HashSet<>(taken)).hasSize(4000);
    assertThat(taken.subList(0, 100)).noneMatch(each -> host.stream().anyMatch(each::overlaps));
    assertThat(taken.getFirst()).hasToString("172.17.0.0/16");
  }

  @Test
  void aNetworkHasWhatItWasNotTold() {
    Network network = maker.make(wanted(true), List.of(), List.of());

    assertThat(network.ipv4Subnet().orElseThrow().subnet()).isEqualTo("172.17.0.0/16");
    assertThat(network.ipv4Subnet().orElseThrow().gateway()).isEqualTo("172.17.0.1");
    assertThat(network.ipv6Subnet().orElseThrow().subnet()).startsWith("fd").endsWith("/64");
  }

  @Test
  void overlapsAreRefusedWithWhatIsInTheWay() {
    assertThatThrownBy(() ->
            maker.make(
                wanted(false, wish("10.1.0.0/16")), List.of(Cidr.parse("10.1.2.0/24")), List.of()))
        .isInstanceOf(NetworkException.Conflict.class)
        .hasMessageContaining("Pool overlaps with other one on this address space");
    assertThatThrownBy(() ->
            maker.make(
                wanted(false, wish("10.1.0.0/16")), List.of(), List.of(Cidr.parse("10.0.0.0/8"))))
        .hasMessageContaining("10.0.0.0/8, which the host itself uses");
  }

  @Test
  void nonsenseIsRefused() {
    for (String subnet : List.of("10.0.0.1/8", "10.0.0.0/31", "10.0.0.0/99", "x", "::1/64")) {
      assertThatThrownBy(() -> maker.make(wanted(false, wish(subnet)), List.of(), List.of()))
          .isInstanceOf(NetworkException.class);
    }
    for (String name : List.of("", "-a", "a b", "a\nb", "host", "none", "x".repeat(300))) {
      NewNetwork bad =
          new NewNetwork(name, "bridge", false, false, false, List.of(), Map.of(), Map.of());
      assertThatThrownBy(() -> maker.make(bad, List.of(), List.of()))
          .isInstanceOf(NetworkException.Invalid.class);
    }
  }

  @Test
  void aPoolGivesEachAddressOnceAndTheOneThatRestedLongest() {
    Subnet subnet =
        new Subnet("10.0.0.0/29", "10.0.0.1", Optional.empty(), Map.of("router", "10.0.0.3"));
    AddressPool pool = new AddressPool(subnet);
    Set<String> given = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      given.add(Cidr.text(pool.take().orElseThrow()));
    }

    assertThat(given).containsExactlyInAnyOrder("10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6");
    assertThat(pool.take()).isEmpty();
    pool.release(Cidr.address("10.0.0.5"));
    pool.release(Cidr.address("10.0.0.1"));
    assertThat(pool.take()).contains(Cidr.address("10.0.0.5"));
    assertThat(pool.take()).isEmpty();
  }

  @Test
  void aRangeIsAPartOfTheSubnet() {
    Subnet subnet = new Subnet("10.0.0.0/24", "10.0.0.1", Optional.of("10.0.0.128/25"), Map.of());

    assertThat(new AddressPool(subnet).take()).contains(Cidr.address("10.0.0.128"));
    assertThatThrownBy(
            () -> new Subnet("10.0.0.0/24", "10.0.0.1", Optional.of("10.0.1.0/25"), Map.of()))
        .hasMessageContaining("no matching subnet for range");
    assertThatThrownBy(() -> new Subnet("10.0.0.0/24", "10.9.0.1", Optional.empty(), Map.of()))
        .hasMessageContaining("no matching subnet for gateway");
  }

  @Test
  void whatAContainerCallsItselfByLinkIsOfItsCard() {
    assertThat(Cidr.text(SpoofRules.linkLocal("02:42:ac:11:00:02")))
        .isEqualTo("fe80::42:acff:fe11:2");
  }
}
