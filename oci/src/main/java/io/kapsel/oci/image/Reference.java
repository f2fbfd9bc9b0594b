package io.kapsel.oci.image;

import io.kapsel.oci.InvalidSpecException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What an image is called, by Docker's grammar: {@code [host[:port]/]path[:tag][@digest]}.
 *
 * <p>A first part is a host only when it has a dot or a port, is {@code localhost} or has a capital
 * letter; else it is a name on Docker Hub, and a path of one part there lies in {@code library}.
 *
 * @param domain the registry, {@code docker.io} for Docker Hub
 * @param path the repository
 */
public record Reference(String domain, String path, Optional<String> tag, Optional<Digest> digest) {
  /** Docker Hub. */
  public static final String HUB = "docker.io";

  private static final String OFFICIAL = "library/";
  private static final int LONGEST_NAME = 255;
  private static final int LONGEST = 1024;
  private static final String LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
  private static final Pattern DOMAIN =
      Pattern.compile(
          "(?:" + LABEL + "(?:\\." + LABEL + ")*|\\[[a-fA-F0-9:]+\\])(?::([0-9]{1,5}))?");
  private static final String COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
  private static final Pattern PATH = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  private static final int LAST_PORT = 65_535;

  /** Checks each part. */
  public Reference {
    check(domain, isDomain(domain));
    check(path, PATH.matcher(path).matches());
    tag.ifPresent(it -> check(it, TAG.matcher(it).matches()));
    check(path, domain.length() + 1 + path.length() <= LONGEST_NAME);
  }

  /**
   * Reads what a user typed.
   *
   * @throws InvalidSpecException when it is no reference
   */
  public static Reference parse(String text) {
    check(text, !text.isEmpty() && text.length() <= LONGEST);
    check(text, !text.matches("[a-f0-9]{64}")); // it would be taken for an image's id
    int at = text.indexOf('@');
    Optional<Digest> digest = Optional.empty();
    if (at >= 0) {
      digest = Digest.find(text.substring(at + 1));
      check(text, digest.isPresent());
    }
    String named = at < 0 ? text : text.substring(0, at);
    int colon = named.lastIndexOf(':');
    Optional<String> tag = Optional.empty();
    if (colon > named.lastIndexOf('/') && !named.endsWith("]")) {
      tag = Optional.of(named.substring(colon + 1));
      named = named.substring(0, colon);
    }
    int slash = named.indexOf('/');
    String first = slash < 0 ? "" : named.substring(0, slash);
    try {
      return looksLikeHost(first)
          ? of(first, named.substring(slash + 1), tag, digest)
          : of(HUB, named, tag, digest);
    } catch (InvalidSpecException _) {
      throw invalid(text);
    }
  }

  private static Reference of(
      String domain, String path, Optional<String> tag, Optional<Digest> digest) {
    String host = domain.equals("index.docker.io") ? HUB : domain;
    boolean official = host.equals(HUB) && path.indexOf('/') < 0;
    return new Reference(host, official ? OFFICIAL + path : path, tag, digest);
  }

  private static boolean looksLikeHost(String first) {
    return first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.equals("localhost")
        || first.chars().anyMatch(c -> c >= 'A' && c <= 'Z');
  }

  private static boolean isDomain(String domain) {
    var matcher = DOMAIN.matcher(domain);
    return matcher.matches()
        && (matcher.group(1) == null || Integer.parseInt(matcher.group(1)) <= LAST_PORT)
        && (domain.equals(HUB) || isHost(domain));
  }

  /** Whether an address can be made with it: {@code [:51]} and {@code a.1} look like hosts only. */
  private static boolean isHost(String domain) {
    try {
      return new URI("https://" + domain).getHost() != null;
    } catch (URISyntaxException _) {
      return false;
    }
  }

  private static void check(String text, boolean valid) {
    if (!valid) {
      throw invalid(text);
    }
  }

  private static InvalidSpecException invalid(String text) {
    String shown = text.length() <= 120 ? text : text.substring(0, 120) + "…";
    return new InvalidSpecException("image reference", shown, "is invalid");
  }

  /** Registry and repository: {@code docker.io/library/debian}. */
  public String name() {
    return domain + "/" + path;
  }

  /** The same as people say it: {@code debian}; whole where the rest would name a host. */
  public String familiarName() {
    if (!domain.equals(HUB)) {
      return name();
    }
    boolean official = path.startsWith(OFFICIAL) && path.indexOf('/', OFFICIAL.length()) < 0;
    int slash = path.indexOf('/');
    boolean misread = !official && slash >= 0 && looksLikeHost(path.substring(0, slash));
    return misread ? name() : official ? path.substring(OFFICIAL.length()) : path;
  }

  /** The whole as people say it. */
  public String familiar() {
    return familiarName()
        + tag.map(it -> ":" + it).orElse("")
        + digest.map(it -> "@" + it).orElse("");
  }

  /** The same with the tag {@code latest} when it has neither tag nor digest. */
  public Reference orLatest() {
    return tag.isPresent() || digest.isPresent() ? this : tagged("latest");
  }

  /** The same name with that tag and no digest. */
  public Reference tagged(String other) {
    return new Reference(domain, path, Optional.of(other), Optional.empty());
  }

  /** The same name with that digest and no tag. */
  public Reference pinned(Digest other) {
    return new Reference(domain, path, Optional.empty(), Optional.of(other));
  }

  /** The name alone. */
  public Reference bare() {
    return new Reference(domain, path, Optional.empty(), Optional.empty());
  }

  /** What a registry calls it: the digest where there is one, else the tag. */
  public String manifestName() {
    return digest.map(Digest::toString).or(() -> tag).orElse("latest");
  }

  @Override
  public String toString() {
    return name() + tag.map(it -> ":" + it).orElse("") + digest.map(it -> "@" + it).orElse("");
  }
}
