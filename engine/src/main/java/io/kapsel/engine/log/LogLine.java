package io.kapsel.engine.log;

import java.time.Instant;

/**
 * A line of output, without its end.
 *
 * @param partial whether the line goes on in the next one
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
public record LogLine(boolean error, Instant time, byte[] bytes, boolean partial) {}
