/** Registries: finding them, proving who asks, and moving images from and to them. */
package io.kapsel.image.registry;
