/** The resolver that containers find at 127.0.0.11; RFC 1035. */
package io.kapsel.network.dns;
