/** What the flags of run, create and others ask for. */
package io.kapsel.cli.command.spec;
