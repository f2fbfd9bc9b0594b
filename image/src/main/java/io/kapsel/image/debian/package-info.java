/**
 * Root file systems made from a Debian archive: what it says, what is needed, what it unpacks to.
 */
package io.kapsel.image.debian;
