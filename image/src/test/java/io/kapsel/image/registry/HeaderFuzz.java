package io.kapsel.image.registry;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Fuzz targets: headers that a registry sends. They fail by any exception. */
public final class HeaderFuzz {
  private HeaderFuzz() {}

  private static String text(byte[] data) {
    return new String(data, StandardCharsets.ISO_8859_1);
  }

  private static void hold(boolean rule, String what) {
    if (!rule) {
      throw new IllegalStateException(what);
    }
  }

  /** {@code WWW-Authenticate}. */
  public static final class WwwAuthenticate {
    private WwwAuthenticate() {}

    /** Never fails; schemes and names of parameters are in lower case and not empty. */
    public static void fuzzerTestOneInput(byte[] data) {
      for (Challenge each : Challenge.parse(List.of(text(data)))) {
        hold(!each.scheme().isEmpty(), "a scheme is empty");
        hold(
            each.scheme().equals(each.scheme().toLowerCase(java.util.Locale.ROOT)),
            "a scheme is in upper case");
        hold(!each.parameters().containsKey(""), "a parameter has no name");
      }
    }
  }

  /** {@code Link}. */
  public static final class Link {
    private static final URI HERE = URI.create("https://registry.example:5000/v2/a/tags/list?n=1");

    private Link() {}

    /** Leads to the same origin or nowhere. */
    public static void fuzzerTestOneInput(byte[] data) {
      Optional<URI> next = Pages.following(text(data), HERE);
      next.ifPresent(uri -> {
        hold(Transport.sameOrigin(uri, HERE), "it leads elsewhere: " + uri);
        hold(!uri.equals(HERE), "it leads to itself");
      });
    }
  }

  /** {@code Content-Range}. */
  public static final class ContentRange {
    private ContentRange() {}

    /** Is believed only where it says so in as many words. */
    public static void fuzzerTestOneInput(byte[] data) {
      String text = text(data);
      for (long offset : new long[] {0, 5, 123_456_789_012L}) {
        if (Download.startsAt(text, offset)) {
          hold(text.matches("bytes " + offset + "-[0-9]+/([0-9]+|\\*)"), "believed: " + text);
        }
      }
    }
  }

  /** {@code Location}. */
  public static final class Location {
    private static final URI HERE = URI.create("https://192.0.2.1/v2/a/blobs/x");

    private Location() {}

    /** Leads to TLS, by a host, without a password, and not to this machine. */
    public static void fuzzerTestOneInput(byte[] data) {
      String location = text(data);
      if (!location.matches(
          "[^/]*|[a-zA-Z]+://[1-9][0-9]{0,2}(\\.(0|[1-9][0-9]{0,2})){3}([:/?#].*)?")) {
        return; // names would be looked up
      }
      try {
        URI to = Transport.next(HERE, location);
        hold("https".equalsIgnoreCase(to.getScheme()), "without TLS: " + to);
        hold(to.getHost() != null && to.getUserInfo() == null, "odd: " + to);
        hold(!to.getHost().startsWith("127."), "this machine: " + to);
        hold(!to.getHost().startsWith("169.254."), "its link: " + to);
      } catch (io.kapsel.image.ImageException.Refused _) {
        // the only way to say no
      }
    }
  }
}
