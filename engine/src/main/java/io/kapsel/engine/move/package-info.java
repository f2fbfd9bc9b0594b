/** Trees that are sent to another machine again and again, each time only what has changed. */
package io.kapsel.engine.move;
