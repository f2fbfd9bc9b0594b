package io.kapsel.network.cni;

import java.util.Optional;

/**
 * That plugins were told to add a container, as a file says from before they begin until they have
 * taken it out again.
 *
 * @param result of the last plugin; nothing where that is not known
 */
record CniRecord(int schema, CniAttachment attachment, Optional<String> result) {
  static final int SCHEMA = 1;
}
