/** Commands for images and registries. */
package io.kapsel.cli.command.image;
