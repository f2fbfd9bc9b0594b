/** Containers and their whole life; the embeddable Java API. */
package io.kapsel.engine;
