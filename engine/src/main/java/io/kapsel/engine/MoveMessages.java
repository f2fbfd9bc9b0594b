package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Platform;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What two engines say about a container that moves. The source opens with what it offers and hears
 * what is in the way and what is missing. Then come blobs, trees and questions in any number, and
 * at last the order to take it: from then on the container belongs to the destination.
 */
final class MoveMessages {
  static final int PROTOCOL = 1;

  /** A blob of the image, with its length and content. */
  static final int BLOB = 1;

  /** One round of a tree. */
  static final int TREE = 2;

  /** Is all there so far? */
  static final int SETTLE = 3;

  /** Can it become a container? */
  static final int CHECK = 4;

  /** Take it. */
  static final int TAKE = 5;

  /** The source has none any more. */
  static final int DONE = 6;

  /** The layer that the container writes; others have a prefix before their names. */
  static final String UPPER = "upper";

  static final String LAYER = "layer:";
  static final String PLAIN = "plain:";
  static final String VOLUME = "volume:";

  private MoveMessages() {}

  /** The first one. */
  record Opening(
      int protocol, String version, Optional<Offer> offer, Optional<Question> question) {}

  /**
   * What is to come.
   *
   * @param token names this move
   * @param plain how many layers below its own come as trees, because no image has them
   * @param layers that it has written before, the upper ones first
   * @param keys of its SSH server that are still to be made
   * @param bytes of all trees
   * @param binds whether it may have directories of that host
   */
  record Offer(
      String token,
      String source,
      boolean copy,
      boolean dryRun,
      Platform platform,
      ContainerSpec spec,
      Optional<OfferedImage> image,
      int plain,
      List<String> layers,
      List<Snapshot> snapshots,
      List<OfferedVolume> volumes,
      List<String> keys,
      long bytes,
      boolean binds) {}

  /** The image that it was made from. */
  record OfferedImage(Descriptor manifest, List<Descriptor> blobs, Optional<String> name) {}

  /** A volume that comes along. */
  record OfferedVolume(
      String name, boolean anonymous, Map<String, String> options, Map<String, String> labels) {}

  /** What has become of a move whose end is not known; where it was taken, it is to run. */
  record Question(String token, Taking taking) {}

  /**
   * How it is taken.
   *
   * @param readySeconds how long a whole system may take to boot
   */
  record Taking(boolean start, int readySeconds) {}

  /**
   * The answer to an offer.
   *
   * @param refusals why it cannot come
   * @param missing the blobs that are not there
   */
  record Plan(String version, List<String> refusals, List<String> missing) {}

  /** The answer to {@link #SETTLE} and {@link #CHECK}, and what is said instead of going on. */
  record Settled(Optional<String> failure) {}

  /**
   * The answer to {@link #TAKE} and to a question.
   *
   * @param taken whether it belongs to the destination now, where it runs if it should
   * @param ready whether a whole system has said that it has booted
   */
  record Taken(boolean taken, boolean ready, String id, Optional<String> failure) {}
}
