/** Rules for packets: nftables' own protocol over netlink, as data that needs no root to test. */
package io.kapsel.linux.nftables;
