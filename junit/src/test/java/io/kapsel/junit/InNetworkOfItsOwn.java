package io.kapsel.junit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** A program for a network namespace of its own: a registry, and a class of tests there. */
final class InNetworkOfItsOwn {
  static final int PORT = 5000;

  /** The image that the registry has: a busybox. */
  static final String IMAGE = "127.0.0.1:5000/kapsel/box:1";

  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  private InNetworkOfItsOwn() {}

  /** The class, and the places of its engine. */
  public static void main(String[] arguments) throws Exception {
    Map<String, byte[]> served = registry();
    ServerSocket server = new ServerSocket(PORT, 50, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(() -> serve(server, served));
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(Class.forName(arguments[0])))
                .configurationParameter("kapsel.state", arguments[1] + "/state")
                .configurationParameter("kapsel.run", arguments[1] + "/run")
                .build(),
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest() || result.getThrowable().isPresent()) {
                  System.out.println(
                      test.getDisplayName()
                          + " "
                          + result.getStatus()
                          + result.getThrowable().map(why -> " " + why).orElse(""));
                }
              }
            });
    System.exit(0);
  }

  private static Map<String, byte[]> registry() throws IOException {
    byte[] layer = layer();
    byte[] config =
        """
        {"architecture":"%s","os":"linux","config":{"Cmd":["busybox","echo","pulled"]},
         "rootfs":{"type":"layers","diff_ids":["%s"]}}\
        """
            .formatted(System.getProperty("os.arch").replace("aarch64", "arm64"), digest(layer))
            .getBytes();
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"%s",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":%d}]}\
        """
            .formatted(MANIFEST, digest(config), config.length, digest(layer), layer.length)
            .getBytes();
    Map<String, byte[]> served = new HashMap<>();
    served.put("/v2/", "{}".getBytes());
    served.put("/v2/kapsel/box/manifests/1", manifest);
    served.put("/v2/kapsel/box/manifests/" + digest(manifest), manifest);
    served.put("/v2/kapsel/box/blobs/" + digest(config), config);
    served.put("/v2/kapsel/box/blobs/" + digest(layer), layer);
    return served;
  }

  /** One request on each connection, as long as the program lives. */
  private static void serve(ServerSocket server, Map<String, byte[]> served) {
    while (true) {
      try (Socket client = server.accept()) {
        BufferedReader in =
            new BufferedReader(new InputStreamReader(client.getInputStream(), ISO_8859_1));
        String request = in.readLine();
        for (String line = request; line != null && !line.isEmpty(); line = in.readLine()) {
          // its headers do not matter
        }
        if (request != null) {
          answer(request.split(" "), served, client.getOutputStream());
        }
      } catch (IOException e) {
        System.err.println(e);
      }
    }
  }

  private static void answer(String[] request, Map<String, byte[]> served, OutputStream out)
      throws IOException {
    byte[] body = served.getOrDefault(request[1], new byte[0]);
    String head =
        """
        HTTP/1.1 %s
        Content-Type: %s
        Docker-Content-Digest: %s
        Content-Length: %d
        Connection: close

        """
            .formatted(
                body.length == 0 ? "404 Not Found" : "200 OK", MANIFEST, digest(body), body.length);
    out.write(head.replace("\n", "\r\n").getBytes(ISO_8859_1));
    if (!request[0].equals("HEAD")) {
      out.write(body);
    }
  }

  private static byte[] layer() throws IOException {
    Process tar = new ProcessBuilder("tar", "-C", "/", "-cf", "-", "bin/busybox").start();
    return tar.getInputStream().readAllBytes();
  }

  private static String digest(byte[] bytes) {
    try {
      return "sha256:"
          + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
