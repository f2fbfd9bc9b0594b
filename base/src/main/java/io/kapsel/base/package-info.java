/** Identifiers, sizes, durations, JSON and files that are replaced whole; no container noun. */
package io.kapsel.base;
