package io.kapsel.image.registry;

import java.util.Optional;

/** Finds out who asks a registry, when it wants to know. */
@FunctionalInterface
public interface Credentials {
  /** Nobody in particular. */
  Credentials ANONYMOUS = _ -> Optional.empty();

  /** For the registry {@code domain}, as it stands in references. */
  Optional<Credential> find(String domain);
}
