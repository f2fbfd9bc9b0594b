/** The kapsel commands and the daemon that serves them. */
package io.kapsel.cli;
