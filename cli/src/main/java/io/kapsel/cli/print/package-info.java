/** How things look: tables, durations, help texts. Pure functions from values to text. */
package io.kapsel.cli.print;
