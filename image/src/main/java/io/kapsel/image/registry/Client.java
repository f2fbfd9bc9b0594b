package io.kapsel.image.registry;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.ImageException;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who speaks to registries, on behalf of whom.
 *
 * @param credentials of the user who asks
 */
public record Client(
    Registries registries, Credentials credentials, Proxies proxies, Limits limits) {

  /** Something to do with one of the servers of a registry. */
  @FunctionalInterface
  interface Work<T> {
    T on(Repository repository) throws IOException;
  }

  /** Does it with the first server that can, mirrors before the registry itself. */
  <T> T any(Reference reference, String action, Work<T> work) {
    List<ImageException> failures = new ArrayList<>();
    for (Endpoint each : registries.endpoints(reference.domain())) {
      try (Server server = server(each, reference.domain())) {
        return work.on(repository(server, reference));
      } catch (ImageException e) {
        failures.add(e);
      } catch (IOException e) {
        failures.add(failed(action, reference, each, e));
      }
    }
    ImageException last = failures.getLast(); // what the registry itself says counts most
    failures.subList(0, failures.size() - 1).forEach(last::addSuppressed);
    throw last;
  }

  /** Does it with the server that images are pushed to. */
  <T> T home(Reference reference, String action, Work<T> work) {
    Endpoint own =
        registries.endpoints(reference.domain()).reversed().stream()
            .filter(Endpoint::push)
            .findFirst()
            .orElseThrow(() ->
                new ImageException.Refused(
                    "cannot %s '%s': its hosts.toml allows no push"
                        .formatted(action, reference.familiar())));
    try (Server server = server(own, reference.domain())) {
      return work.on(repository(server, reference));
    } catch (IOException e) {
      throw failed(action, reference, own, e);
    }
  }

  private static ImageException failed(
      String action, Reference reference, Endpoint endpoint, IOException e) {
    return new ImageException.Failed(
        "cannot %s '%s': %s: %s"
            .formatted(action, reference.familiar(), endpoint.base().getAuthority(), reason(e)),
        e);
  }

  private static String reason(IOException e) {
    if (e instanceof java.net.ConnectException) {
      return "connection refused or host not found";
    }
    if (e instanceof java.net.http.HttpTimeoutException) {
      return "it does not answer in time";
    }
    return AtomicFile.reason(e);
  }

  private Server server(Endpoint endpoint, String domain) {
    String asked =
        endpoint.base().getHost().equals("registry-1.docker.io")
            ? Reference.HUB
            : endpoint.base().getAuthority();
    boolean itself = asked.equals(domain) || endpoint.push();
    boolean plain = endpoint.plainAllowed() && PlainText.isSpokenBy(endpoint.base());
    Endpoint spoken = plain ? endpoint.plain() : endpoint;
    return new Server(spoken, limits, credentials.find(itself ? domain : asked), proxies);
  }

  private static Repository repository(Server server, Reference reference) {
    String host = server.endpoint().base().getAuthority();
    boolean itself = host.equals(reference.domain()) || host.equals("registry-1.docker.io");
    return new Repository(
        server, reference.path(), itself ? Optional.empty() : Optional.of(reference.domain()));
  }

  /** All tags of a repository. */
  public List<String> tags(Reference reference) {
    return any(reference, "list the tags of", Repository::tags);
  }

  /** All repositories of a registry, where it tells. */
  public List<String> repositories(String domain) {
    Reference any = new Reference(domain, "library/list", Optional.empty(), Optional.empty());
    return any(
        any, "list the repositories of", repository -> Search.repositories(repository.server()));
  }

  /** The manifest or index that a reference leads to, as it is. */
  public byte[] manifest(Reference reference) {
    return any(
        reference,
        "fetch",
        repository -> repository.manifest(reference.manifestName(), reference.digest()).bytes());
  }

  /** What refers to an image: signatures, bills of material. */
  public Index referrers(Reference reference) {
    return any(
        reference,
        "list what refers to",
        repository ->
            repository.referrers(
                repository
                    .manifest(reference.manifestName(), reference.digest())
                    .descriptor()
                    .id()));
  }

  /** Checks that the registry lets the user in. */
  public void login(String domain) {
    Reference any = new Reference(domain, "library/login", Optional.empty(), Optional.empty());
    home(
        any,
        "log in to",
        repository -> {
          Server server = repository.server();
          try (Answer answer =
              server.send(() -> Transport.Message.get(server.uri(""), java.util.Map.of()), "")) {
            if (!answer.ok()) {
              throw server.failure(answer, "log in to '" + domain + "'");
            }
          }
          return true;
        });
  }
}
