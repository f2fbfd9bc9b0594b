/** What is called on the bus, in the shape that the library of D-Bus wants. */
package io.kapsel.systemd.bus;
