/** Containers and their whole life. Programs use it through {@code io.kapsel.api}. */
package io.kapsel.engine;
