package io.kapsel.network;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The names of what one engine makes in the kernel. Several engines may share a host; each tells
 * what is its own by a tag made of its state directory.
 */
record Naming(String tag) {
  private static final int TAG = 3;
  private static final int ID = 8;
  private static final int LINK_ID = 9;

  static Naming of(Path state) {
    return new Naming(hash(state.toString()).substring(0, TAG));
  }

  /** Hexadecimal digits that stand for a text. */
  static String hash(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  String table() {
    return "kapsel-" + tag;
  }

  String bridgePrefix() {
    return "kb" + tag;
  }

  String linkPrefix() {
    return "kv" + tag;
  }

  String bridge(Network network) {
    return network
        .options()
        .getOrDefault(Network.BRIDGE_NAME, bridgePrefix() + network.id().substring(0, ID));
  }

  /** The host's end of a container's link. */
  String link(String container, String network) {
    return linkPrefix() + hash(container + network).substring(0, LINK_ID);
  }

  String sparePrefix() {
    return "ks" + tag;
  }

  /** The host's end of a link that waits in a sandbox for its container. */
  String spare(String container) {
    return sparePrefix() + hash(container).substring(0, LINK_ID);
  }

  /** The two ends over which the host sends to itself what its own rules have let in. */
  String detour(boolean far) {
    return "kd" + tag + (far ? "b" : "a");
  }

  /** What marks rules in the chains of others. */
  String remark() {
    return "kapsel " + tag;
  }
}
