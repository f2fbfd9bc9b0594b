/** Images: references, the store on disk, registries, layers; import and export. */
package io.kapsel.image;
