/** Waiting for descriptors without holding up a carrier thread. */
package io.kapsel.linux.poll;
