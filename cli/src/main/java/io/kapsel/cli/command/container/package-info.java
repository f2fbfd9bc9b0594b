/** Commands for containers and their whole life. */
package io.kapsel.cli.command.container;
