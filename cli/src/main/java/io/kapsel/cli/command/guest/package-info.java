/** Commands for system containers, and those that move, copy and limit any. */
package io.kapsel.cli.command.guest;
