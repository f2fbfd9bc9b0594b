package io.kapsel.image.registry;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.JsonName;
import io.kapsel.image.ImageException;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.poll.Stream;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Signal;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.process.WaitStatus;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A program that keeps passwords, {@code docker-credential-NAME}: it gets a word and a line, and
 * answers with JSON. Nothing that it says on standard error is ever shown: it may hold secrets.
 */
final class CredentialHelper {
  private static final Duration USUAL_PATIENCE = Duration.ofSeconds(30);
  private static final int LARGEST_ANSWER = 64 << 10;
  private static final String TOKEN_USER = "<token>";

  /** What a helper is told, and what it answers. */
  record Secret(
      @JsonName("ServerURL") Optional<String> serverUrl,
      @JsonName("Username") Optional<String> username,
      @JsonName("Secret") Optional<String> secret) {}

  private final String name;
  private final List<String> environment;
  private final Duration patience;

  CredentialHelper(String name, List<String> environment) {
    this(name, environment, USUAL_PATIENCE);
  }

  /** One that may take that long. */
  CredentialHelper(String name, List<String> environment, Duration patience) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")) {
      throw new ImageException.Invalid(
          "cannot use the credential helper: its name is not made of letters, digits and .-_");
    }
    this.name = name;
    this.environment = environment;
    this.patience = patience;
  }

  Optional<Credential> find(String key) {
    Optional<byte[]> answer = run("get", key.getBytes(StandardCharsets.UTF_8));
    if (answer.isEmpty()) {
      return Optional.empty(); // by custom, a failure means that it does not know
    }
    try {
      Secret secret = Json.read(answer.get(), Secret.class);
      String user = secret.username().orElse("");
      String word = secret.secret().orElse("");
      return Optional.of(
          user.equals(TOKEN_USER)
              ? new Credential("", "", Optional.of(word), Optional.empty())
              : Credential.of(user, word));
    } catch (JsonException _) {
      throw new ImageException.Failed(
          "cannot use the credential helper '" + name + "': its answer is not understood", null);
    }
  }

  void store(String key, Credential credential) {
    boolean token = credential.identityToken().isPresent();
    byte[] text =
        Json.write(
            new Secret(
                Optional.of(key),
                Optional.of(token ? TOKEN_USER : credential.username()),
                Optional.of(credential.identityToken().orElse(credential.password()))));
    if (run("store", text).isEmpty()) {
      throw new ImageException.Failed(
          "cannot keep the password: the credential helper '" + name + "' failed", null);
    }
  }

  void erase(String key) {
    run("erase", key.getBytes(StandardCharsets.UTF_8));
  }

  /** Its answer; nothing when it failed. */
  private Optional<byte[]> run(String word, byte[] input) {
    Stream.Pipe in = Stream.pipe();
    Stream.Pipe out = Stream.pipe();
    try (Stream toChild = Stream.of(in.writer());
        Stream fromChild = Stream.of(out.reader());
        Child child = start(word, in.reader(), out.writer())) {
      Thread.ofVirtual().start(() -> kill(child));
      try {
        feed(toChild, input);
        byte[] answer = read(fromChild);
        WaitStatus status = child.await();
        return status.raw() == 0 ? Optional.of(answer) : Optional.empty();
      } finally {
        child.process().signal(Signal.KILL.number());
        child.await();
      }
    } catch (SyscallException e) {
      throw new ImageException.Failed(
          "cannot use the credential helper '" + name + "': " + e.getMessage(), e);
    }
  }

  private static void feed(Stream to, byte[] input) {
    try (to) {
      to.write(input, 0, input.length);
    } catch (SyscallException _) {
      // it did not want to hear it; its answer and its exit tell more
    }
  }

  private Child start(String word, Fd in, Fd out) {
    try (in;
        out) {
      return Spawn.path(program().toString())
          .arguments(List.of("docker-credential-" + name, word))
          .environment(environment)
          .descriptor(0, in)
          .descriptor(1, out)
          .session()
          .start();
    }
  }

  private Path program() {
    String path =
        environment.stream()
            .filter(each -> each.startsWith("PATH="))
            .map(each -> each.substring(5))
            .findFirst()
            .orElse("/usr/local/bin:/usr/bin:/bin");
    for (String directory : path.split(":")) {
      Path file = Path.of(directory, "docker-credential-" + name);
      if (directory.startsWith("/") && Files.isExecutable(file)) {
        return file;
      }
    }
    throw new ImageException.Failed(
        "cannot use the credential helper '"
            + name
            + "': there is no program"
            + " 'docker-credential-"
            + name
            + "'",
        null);
  }

  private void kill(Child child) {
    try {
      if (child.await(patience).isEmpty()) {
        child.process().signal(Signal.KILL.number());
      }
    } catch (SyscallException e) {
      if (!e.isClosed()) { // it has ended meanwhile, and was let go
        throw e;
      }
    }
  }

  private byte[] read(Stream from) {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    byte[] buffer = new byte[4096];
    for (int count; (count = from.read(buffer, 0, buffer.length)) >= 0; ) {
      answer.write(buffer, 0, count);
      if (answer.size() > LARGEST_ANSWER) {
        throw new ImageException.Failed(
            "cannot use the credential helper '" + name + "': its answer does not end", null);
      }
    }
    return answer.toByteArray();
  }
}
