/** Typed Linux system calls; the only module that sees java.lang.foreign. */
package io.kapsel.linux;
