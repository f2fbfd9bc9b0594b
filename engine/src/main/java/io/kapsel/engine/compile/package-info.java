/** From a request to a configuration of the specification. */
package io.kapsel.engine.compile;
