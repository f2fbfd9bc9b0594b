/**
 * The Java API. {@code docs/guide/java.md} shows each type in use; the tests of this module compile
 * and run what it shows.
 */
package io.kapsel.api;
