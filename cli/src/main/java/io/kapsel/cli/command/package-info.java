/** What all commands share; each takes a command line apart, calls the engine, and prints. */
package io.kapsel.cli.command;
