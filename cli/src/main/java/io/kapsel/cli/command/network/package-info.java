/** Commands for networks. */
package io.kapsel.cli.command.network;
