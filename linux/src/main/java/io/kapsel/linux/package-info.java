/** The gate to the kernel: descriptors, errors, the names and numbers of system calls. */
package io.kapsel.linux;
