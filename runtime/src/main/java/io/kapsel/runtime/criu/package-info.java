/** The protocol of CRIU, which freezes processes into files and brings them back; criu(8). */
package io.kapsel.runtime.criu;
