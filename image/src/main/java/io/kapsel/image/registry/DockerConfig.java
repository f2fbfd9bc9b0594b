package io.kapsel.image.registry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.image.ImageException;
import io.kapsel.oci.image.Reference;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The file in which Docker's users keep who they are at registries, {@code ~/.docker/config.json}.
 */
public final class DockerConfig implements Credentials {
  private static final String HUB_KEY = "https://index.docker.io/v1/";
  private static final int LARGEST = 1 << 20;

  /** The parts that matter here. */
  public record Content(
      Map<String, Entry> auths, Optional<String> credsStore, Map<String, String> credHelpers) {}

  /** What is kept of one registry. */
  public record Entry(
      Optional<String> auth,
      Optional<String> username,
      Optional<String> password,
      Optional<String> identitytoken,
      Optional<String> registrytoken) {}

  private final Path file;
  private final List<String> environment;
  private final Content content;

  private DockerConfig(Path file, List<String> environment, Content content) {
    this.file = file;
    this.environment = List.copyOf(environment);
    this.content = content;
  }

  /**
   * Reads it for a user with this environment, in which its helpers run; a missing one is empty.
   */
  public static DockerConfig read(List<String> environment) {
    Path file = file(environment);
    try {
      if (!Files.exists(file)) {
        return new DockerConfig(
            file, environment, new Content(Map.of(), Optional.empty(), Map.of()));
      }
      if (Files.size(file) > LARGEST) {
        throw new ImageException.Invalid("cannot read '" + file + "': it has more than 1 MiB");
      }
      return new DockerConfig(
          file, environment, Json.read(Files.readAllBytes(file), Content.class));
    } catch (IOException e) {
      throw new ImageException.Failed("cannot read '" + file + "': " + AtomicFile.reason(e), e);
    } catch (JsonException e) {
      throw new ImageException.Invalid("cannot read '" + file + "': " + e.getMessage());
    }
  }

  private static Path file(List<String> environment) {
    String directory = value(environment, "DOCKER_CONFIG");
    String home = value(environment, "HOME");
    return directory.isEmpty()
        ? Path.of(home.isEmpty() ? "/root" : home, ".docker", "config.json").toAbsolutePath()
        : Path.of(directory, "config.json").toAbsolutePath();
  }

  private static String value(List<String> environment, String name) {
    return environment.stream()
        .filter(each -> each.startsWith(name + "="))
        .map(each -> each.substring(name.length() + 1))
        .findFirst()
        .orElse("");
  }

  @Override
  public Optional<Credential> find(String domain) {
    String key = key(domain);
    Optional<CredentialHelper> helper = helper(domain);
    if (helper.isPresent()) {
      return helper.get().find(key);
    }
    for (Map.Entry<String, Entry> each : content.auths().entrySet()) {
      if (host(each.getKey()).equals(host(key))) {
        return credential(each.getValue());
      }
    }
    return Optional.empty();
  }

  private Optional<CredentialHelper> helper(String domain) {
    return Optional.ofNullable(content.credHelpers().get(domain))
        .or(content::credsStore)
        .filter(name -> !name.isEmpty())
        .map(name -> new CredentialHelper(name, environment));
  }

  private static String key(String domain) {
    return domain.equals(Reference.HUB) ? HUB_KEY : domain;
  }

  private static String host(String key) {
    String host = key.replaceFirst("^https?://", "").replaceFirst("/.*$", "");
    return host.equals("index.docker.io") || host.equals("registry-1.docker.io")
        ? Reference.HUB
        : host;
  }

  private static Optional<Credential> credential(Entry entry) {
    String user = entry.username().orElse("");
    String password = entry.password().orElse("");
    if (entry.auth().filter(it -> !it.isEmpty()).isPresent()) {
      try {
        String decoded =
            new String(Base64.getDecoder().decode(entry.auth().get()), StandardCharsets.UTF_8);
        int colon = decoded.indexOf(':');
        user = colon < 0 ? decoded : decoded.substring(0, colon);
        password = colon < 0 ? "" : decoded.substring(colon + 1);
      } catch (IllegalArgumentException _) {
        return Optional.empty();
      }
    }
    if (user.isEmpty() && entry.identitytoken().isEmpty() && entry.registrytoken().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Credential(user, password, entry.identitytoken(), entry.registrytoken()));
  }

  /** Keeps who the user is at a registry, where the file says that such is kept. */
  public void store(String domain, Credential credential) {
    Optional<CredentialHelper> helper = helper(domain);
    Entry entry =
        new Entry(
            Optional.of(credential.basic().substring("Basic ".length())),
            Optional.empty(),
            Optional.empty(),
            credential.identityToken(),
            Optional.empty());
    if (helper.isPresent()) {
      helper.get().store(key(domain), credential);
      entry =
          new Entry(
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty());
    }
    Map<String, Entry> auths = new LinkedHashMap<>(content.auths());
    auths.put(key(domain), entry);
    write(auths);
  }

  /** Forgets it; false when there was nothing. */
  public boolean erase(String domain) {
    helper(domain).ifPresent(each -> each.erase(key(domain)));
    Map<String, Entry> auths = new LinkedHashMap<>(content.auths());
    boolean known = auths.keySet().removeIf(each -> host(each).equals(host(key(domain))));
    if (known) {
      write(auths);
    }
    return known;
  }

  private void write(Map<String, Entry> auths) {
    try {
      Files.createDirectories(file.getParent());
      AtomicFile.write(file, rewritten(auths), AtomicFile.Durability.SURVIVES_POWER_LOSS);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot write '" + file + "': " + AtomicFile.reason(e), e);
    } catch (java.io.UncheckedIOException e) {
      throw new ImageException.Failed(String.valueOf(e.getMessage()), e);
    }
  }

  /** The file with other {@code auths}; everything else in it belongs to others and stays. */
  private byte[] rewritten(Map<String, Entry> auths) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonFactory json = new JsonFactory();
    byte[] before =
        Files.exists(file) ? Files.readAllBytes(file) : "{}".getBytes(StandardCharsets.UTF_8);
    try (JsonParser parser = json.createParser(before);
        JsonGenerator generator = json.createGenerator(out)) {
      generator.useDefaultPrettyPrinter();
      parser.nextToken();
      generator.writeStartObject();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean ours = parser.currentName().equals("auths");
        parser.nextToken();
        if (ours) {
          parser.skipChildren();
        } else {
          generator.writeFieldName(parser.currentName());
          generator.copyCurrentStructure(parser);
        }
      }
      generator.writeFieldName("auths");
      generator.writeStartObject();
      for (Map.Entry<String, Entry> each : auths.entrySet()) {
        generator.writeFieldName(each.getKey());
        generator.writeRawValue(new String(Json.write(each.getValue()), StandardCharsets.UTF_8));
      }
      generator.writeEndObject();
      generator.writeEndObject();
    }
    return out.toByteArray();
  }
}
