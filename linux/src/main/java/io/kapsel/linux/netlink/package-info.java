/** Links, addresses, routes and neighbours of a network namespace; see rtnetlink(7). */
package io.kapsel.linux.netlink;
