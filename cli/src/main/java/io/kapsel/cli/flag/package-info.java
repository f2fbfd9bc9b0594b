/**
 * Command lines by the rules that users of Docker, and so of Go's pflag, have in their fingers.
 *
 * <p>The project's own parser and not a library's, because those rules are the promise: see
 * docs/decisions/0010-own-command-line-parser.md.
 */
package io.kapsel.cli.flag;
