package io.kapsel.network.dns;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** What one container may know by name: those with whom it shares a network. */
public interface Zone {
  /** The addresses of a name, in lower case; nothing if it is nobody's. */
  Optional<List<InetAddress>> addresses(String name);

  /** The name of an address; nothing if it is nobody's. */
  Optional<String> name(InetAddress address);

  /** Which edition of all that is known the next answers are from, or a later one. */
  long edition();

  /** Who is asked for the names of others; empty: nobody. */
  List<InetAddress> upstreams();

  /** Whether others may be asked for that name. */
  default boolean permits(String name) {
    return true;
  }

  /** Is told what others answered, before the container is. */
  default void answered(String name, ByteBuffer answer) {}
}
