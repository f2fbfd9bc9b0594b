/** A thread that can reach no more of the machine than it was given. */
package io.kapsel.linux.confine;
