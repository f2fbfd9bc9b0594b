/**
 * Requests of clients over the engine's socket; docs/guide/wire.md, section 4, is the contract.
 *
 * <p>Nothing here knows a command: a {@link io.kapsel.cli.server.Front} does what a request asks.
 */
package io.kapsel.cli.server;
