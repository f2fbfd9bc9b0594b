package io.kapsel.network;

import java.util.Optional;

/** A port of a bridge, and how many bits a second may come from it. */
record Card(Endpoint endpoint, Optional<Long> out) {}
