package io.kapsel.network;

import java.util.Optional;

/**
 * A port of a bridge.
 *
 * @param out how many bits a second may come from it
 * @param asks whether it asks for its address
 */
record Card(Endpoint endpoint, Optional<Long> out, boolean asks) {}
