package io.kapsel.engine.spec;

import java.nio.file.Path;

/** A device of the host, its name in the container, and what may be done with it. */
public record DeviceRequest(Path host, String container, String access) {
  /** Checks each part. */
  public DeviceRequest {
    container = Texts.target(container);
    InvalidRequestException.unless(host.isAbsolute(), "'%s' is not an absolute path", host);
    InvalidRequestException.unless(
        isAccess(access), "'%s' is not made of the letters r, w and m", access);
  }

  /** Reads the operand of {@code --device}: {@code HOST[:CONTAINER][:rwm]}. */
  public static DeviceRequest parse(String text) {
    String[] parts = text.split(":", -1);
    InvalidRequestException.unless(
        parts.length <= 3 && !parts[0].isEmpty(), "'%s' is not HOST[:CONTAINER][:rwm]", text);
    Path host = Texts.path(parts[0], Path.of("/"));
    if (parts.length == 2 && isAccess(parts[1])) {
      return new DeviceRequest(host, host.toString(), parts[1]);
    }
    String container = parts.length > 1 ? parts[1] : host.toString();
    return new DeviceRequest(host, container, parts.length > 2 ? parts[2] : "rwm");
  }

  private static boolean isAccess(String text) {
    return !text.isEmpty()
        && text.length() <= 3
        && text.chars().allMatch(c -> "rwm".indexOf(c) >= 0)
        && text.chars().distinct().count() == text.length();
  }
}
