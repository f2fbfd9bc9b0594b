/** Commands for the engine itself and for everything at once. */
package io.kapsel.cli.command.system;
