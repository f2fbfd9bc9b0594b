package io.kapsel.api;

/**
 * What a program has printed.
 *
 * @param exitCode how it ended, as a shell tells it
 * @param out its standard output, as UTF-8
 * @param err its standard error, likewise
 */
public record Output(int exitCode, String out, String err) {}
