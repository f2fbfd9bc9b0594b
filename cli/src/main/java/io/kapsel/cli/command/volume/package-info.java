/** Commands for volumes. */
package io.kapsel.cli.command.volume;
