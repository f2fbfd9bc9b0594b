package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row R8: who cannot prove who it is, is not spoken to. Needs root, to unpack. */
class TlsIT {
  private static final char[] PASSWORD = "secret".toCharArray();
  private static final Limits HASTY =
      new Limits(
          Duration.ofSeconds(5),
          Duration.ofSeconds(1),
          64,
          2,
          Duration.ofMillis(5),
          Duration.ofSeconds(1));

  @TempDir Path place;
  private SmallImage image;

  @BeforeEach
  void makeImage() throws IOException {
    image = new SmallImage(1000);
  }

  /** A new key with a certificate that it signed itself, made by keytool. */
  private Path key(String name, String... more) throws Exception {
    Path file = place.resolve(name + ".p12");
    List<String> words =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keystore",
                file.toString(),
                "-storepass",
                new String(PASSWORD),
                "-dname",
                "CN=" + name));
    words.addAll(List.of(more));
    if (!words.contains("-keyalg")) {
      words.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1"));
    }
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return file;
  }

  private static KeyStore store(Path file) throws Exception {
    return KeyStore.getInstance(file.toFile(), PASSWORD);
  }

  private static SSLContext context(Path key, KeyStore trusted) throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store(key), PASSWORD);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private Path pem(String type, byte[] content, String name) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    return Files.writeString(
        place.resolve(name),
        "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n");
  }

  private Path certificate(Path key, String name) throws Exception {
    return pem("CERTIFICATE", store(key).getCertificate(name).getEncoded(), name + ".pem");
  }

  /** Pulls as {@code hosts.toml} says. */
  private void pull(String domain, String hosts) throws IOException {
    Path own = Files.createDirectories(place.resolve("certs/" + domain));
    Files.writeString(own.resolve("hosts.toml"), "server = \"https://" + domain + "\"\n" + hosts);
    ImageStore store = ImageStore.open(Files.createTempDirectory(place, "state"));
    Client client =
        new Client(
            new Registries(List.of(place.resolve("certs"))),
            Credentials.ANONYMOUS,
            new Proxies(Map.of()),
            HASTY);
    try {
      new Pull(store, client, Progress.SILENT)
          .run(Reference.parse(domain + "/a:1"), Platform.parse("linux/amd64"), false);
    } finally {
      store.layers().makeDurable();
    }
  }

  private void refused(LoopbackRegistry registry, String hosts) {
    assertThatThrownBy(() -> pull(registry.domain(), hosts)).isInstanceOf(ImageException.class);
    assertThat(registry.asked).isEmpty();
  }

  private LoopbackRegistry serve(Path key) throws Exception {
    LoopbackRegistry registry =
        LoopbackRegistry.secure(context(key, KeyStore.getInstance("PKCS12")), false);
    image.serve(registry);
    return registry;
  }

  @Test
  void aCertificateThatNobodyVouchesForIsRefusedUntilItIsNamed() throws Exception {
    Path key = key("good", "-ext", "san=ip:127.0.0.1");
    try (LoopbackRegistry registry = serve(key)) {
      refused(registry, "");
      pull(registry.domain(), "ca = \"" + certificate(key, "good") + "\"\n");
      assertThat(registry.asked).isNotEmpty();
      registry.asked.clear();
      pull(registry.domain(), "skip_verify = true\n");
      assertThat(registry.asked).isNotEmpty();
    }
  }

  @Test
  void anExpiredOneIsRefusedAlsoWhenItIsNamed() throws Exception {
    Path key = key("old", "-ext", "san=ip:127.0.0.1", "-startdate", "-10d", "-validity", "5");
    try (LoopbackRegistry registry = serve(key)) {
      refused(registry, "ca = \"" + certificate(key, "old") + "\"\n");
    }
  }

  @Test
  void oneForAnotherNameIsRefused() throws Exception {
    Path key = key("other", "-ext", "san=dns:registry.example");
    try (LoopbackRegistry registry = serve(key)) {
      refused(registry, "ca = \"" + certificate(key, "other") + "\"\n");
    }
  }

  @Test
  void aWeakKeyIsRefused() throws Exception {
    Path key =
        key(
            "weak",
            "-ext",
            "san=ip:127.0.0.1",
            "-keyalg",
            "RSA",
            "-keysize",
            "512",
            "-sigalg",
            "SHA256withRSA");
    try (LoopbackRegistry registry = serve(key)) {
      refused(registry, "ca = \"" + certificate(key, "weak") + "\"\n");
    }
  }

  @Test
  void aConnectionThatBreaksInTheHandshakeFails() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
      Thread.ofVirtual()
          .start(() -> {
            while (!server.isClosed()) {
              try (Socket client = server.accept();
                  InputStream in = client.getInputStream();
                  OutputStream out = client.getOutputStream()) {
                in.read(new byte[64]);
                out.write(new byte[] {22, 3, 3, 0}); // the beginning of a record
                client.setSoLinger(true, 0);
              } catch (IOException _) {
                // the next one
              }
            }
          });
      String domain = "127.0.0.1:" + server.getLocalPort();
      assertThatThrownBy(() -> pull(domain, "")).isInstanceOf(ImageException.class);
    }
  }

  @Test
  void aRegistryThatWantsACertificateOfTheClientGetsTheOneThatIsNamed() throws Exception {
    Path key = key("server", "-ext", "san=ip:127.0.0.1");
    Path mine = key("client");
    LoopbackRegistry registry = LoopbackRegistry.secure(context(key, store(mine)), true);
    try (registry) {
      image.serve(registry);
      String trusted = "ca = \"" + certificate(key, "server") + "\"\n";
      refused(registry, trusted);
      Path secret =
          pem("PRIVATE KEY", store(mine).getKey("client", PASSWORD).getEncoded(), "client.key");
      String pair = "client = [[\"" + certificate(mine, "client") + "\", \"" + secret + "\"]]\n";
      pull(registry.domain(), trusted + pair);
      assertThat(registry.asked).isNotEmpty();
    }
  }
}
