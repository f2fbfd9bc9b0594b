/** Capabilities of Linux and sets of them. */
@org.jspecify.annotations.NullMarked
package io.kapsel.linux.capability;
