/** Archives: tar read and written byte by byte, unpacked by descriptors, and what packs them. */
package io.kapsel.image.tar;
