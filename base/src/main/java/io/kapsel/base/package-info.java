/** Identifiers, sizes, durations and files that are replaced whole; no container noun. */
package io.kapsel.base;
