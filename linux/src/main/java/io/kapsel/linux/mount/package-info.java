/** The mount calls that work on descriptors, and the table of mounts. */
package io.kapsel.linux.mount;
