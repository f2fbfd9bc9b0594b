package io.kapsel.network;

import java.net.InetAddress;
import java.util.Optional;

/**
 * A port of the host and where it leads.
 *
 * @param ipv4 the container's address, if it can be reached so
 * @param gateway4 as whom the host's own programs come to the container
 */
record Published(
    Port port,
    Optional<InetAddress> ipv4,
    Optional<InetAddress> ipv6,
    Optional<InetAddress> gateway4,
    Optional<InetAddress> gateway6) {}
