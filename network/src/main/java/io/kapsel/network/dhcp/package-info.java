/** Leases of addresses for machines that ask for them; RFC 2131 and RFC 2132. */
package io.kapsel.network.dhcp;
