/** The logs of containers as files: how they are wanted, where they begin, and what is in them. */
package io.kapsel.engine.log;
