/** One class for each command, and what they share: words, state on disk, log. */
package io.kapsel.ocicli;
