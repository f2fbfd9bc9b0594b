/**
 * What a caller may ask of a container, as values; texts in Docker's notation become such values.
 */
package io.kapsel.engine.spec;
