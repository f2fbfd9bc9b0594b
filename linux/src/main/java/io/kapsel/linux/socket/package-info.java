/** Unix sockets that carry bytes, messages and descriptors. */
package io.kapsel.linux.socket;
