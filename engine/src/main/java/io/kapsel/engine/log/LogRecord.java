package io.kapsel.engine.log;

import java.time.Instant;

/** A piece of output as it was read from the process: often, but not always, whole lines. */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
public record LogRecord(boolean error, Instant time, byte[] bytes) {}
