/** Measures what SPECIFICATION.md promises. */
package io.kapsel.bench;
