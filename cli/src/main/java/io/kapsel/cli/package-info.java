/** The daemon's main program, which wires everything. */
package io.kapsel.cli;
