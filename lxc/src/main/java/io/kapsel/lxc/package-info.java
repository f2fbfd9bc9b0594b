/** The {@code lxc-*} commands and the configuration files of LXC, as engine calls. */
package io.kapsel.lxc;
