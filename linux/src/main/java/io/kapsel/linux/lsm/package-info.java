/** The security modules of the kernel. */
package io.kapsel.linux.lsm;
