package io.kapsel.cli.command.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.network.Attachment;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code run} says of networks, as Docker's users say it. */
class NetworkFlagsTest {
  private static ContainerSpec read(String line) {
    ContainerSpecBuilder spec = new ContainerSpecBuilder(new RootSource.Host());
    List<String> words = line.isEmpty() ? List.of() : List.of(line.split(" "));
    new NetworkFlags(FlagSet.untilOperand(NetworkFlags.ALL).parse(words)).read(spec);
    return spec.build();
  }

  private static NetworkRequest request(String line) {
    return read(line).networks().orElseThrow();
  }

  @Test
  void whoNamesNoNetworkIsInTheUsualOne() {
    assertThat(request("").attachments()).containsExactly(Attachment.to(NetworkRequest.DEFAULT));
    assertThat(request("-p 80:80").published()).hasSize(1);
  }

  @Test
  void severalNetworksEachHaveWhatIsSaidOfThem() {
    assertThat(
            request(
                    "--network name=a,ip=10.0.0.2,alias=x,alias=y,gw-priority=-3 --network b"
                        + " --ip6 fd00::2")
                .attachments())
        .containsExactly(
            new Attachment(
                "a",
                Optional.of("10.0.0.2"),
                Optional.of("fd00::2"),
                Optional.empty(),
                List.of("x", "y"),
                -3),
            Attachment.to("b"));
  }

  @Test
  void modesAreNoNetworks() {
    assertThat(read("--network host").network()).isEqualTo(NamespaceMode.HOST);
    assertThat(request("--network none").attachments()).isEmpty();
    assertThat(read("--net container:web").network()).isEqualTo(new NamespaceMode.Container("web"));
  }

  @Test
  void allExposedPortsAreOfferedWhereAskedFor() {
    assertThat(request("--expose 80 --expose 53/udp").published()).isEmpty();
    assertThat(request("-P --expose 80 --expose 53/udp").published()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-p 99999:1",
        "-p x",
        "--ip 1.2.3",
        "--ip fd00::1",
        "--ip6 10.0.0.1",
        "--network a --network a",
        "--network host --network a",
        "--network ,",
        "--network a,x=1",
        "--network a,gw-priority=x",
        "--network-alias a/b",
        "--dns nobody",
        "--add-host a",
        "--add-host a:b",
        "--network container:web -p 80:80",
        "--expose 0"
      })
  void nonsenseIsRefused(String line) {
    assertThatThrownBy(() -> read(line)).isInstanceOf(InvalidRequestException.class);
  }
}
