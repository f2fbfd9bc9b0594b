/** Units of systemd and their properties; org.freedesktop.systemd1(5). */
package io.kapsel.systemd;
