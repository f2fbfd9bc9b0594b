package io.kapsel.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The same root file system run by runc, with the configuration that it proposes itself and the
 * capabilities that Docker gives.
 */
record Runc(Path home) {
  private static final List<String> CAPABILITIES =
      List.of(
          "CHOWN",
          "DAC_OVERRIDE",
          "FSETID",
          "FOWNER",
          "MKNOD",
          "NET_RAW",
          "SETGID",
          "SETUID",
          "SETFCAP",
          "SETPCAP",
          "NET_BIND_SERVICE",
          "SYS_CHROOT",
          "KILL",
          "AUDIT_WRITE");

  /** Runs a command to its end. runc makes directories in the root, so it has a copy of it. */
  Result run(String... words) throws IOException {
    return Command.of("runc", "run", "-b", bundle(words).toString(), id()).run();
  }

  /** The same bundle, by another runtime. */
  Result run(Product product, Path runtime, String... words) throws IOException {
    List<String> line = List.of(runtime.toString(), "run", "-b", bundle(words).toString(), id());
    return product.environment(new Command(line)).run();
  }

  private String id() {
    return "kapsel-e2e-" + home.getFileName();
  }

  private Path bundle(String... words) throws IOException {
    Path bundle = Files.createTempDirectory(home, "runc-");
    Command.of("cp", "-a", TestRoot.path().toString(), bundle.resolve("rootfs").toString())
        .run()
        .ok();
    Command.of("runc", "spec", "-b", bundle.toString()).run().ok();
    Path configuration = bundle.resolve("config.json");
    Files.writeString(configuration, completed(Files.readString(configuration), words));
    return bundle;
  }

  private static String completed(String proposed, String... words) {
    String arguments =
        Arrays.stream(words).map(word -> '"' + word + '"').collect(Collectors.joining(", "));
    String capabilities =
        CAPABILITIES.stream().map(name -> "\"CAP_" + name + '"').collect(Collectors.joining(", "));
    return proposed
        .replace("\"terminal\": true", "\"terminal\": false")
        .replaceAll("\"args\": \\[\\s*\"sh\"", "\"args\": [" + arguments)
        .replaceAll("\"CAP_[^\\]]*", capabilities);
  }
}
