/**
 * Files on their way into and out of root file systems, as tar archives. Every step goes by a
 * descriptor of a directory and one name, so that no link leads anywhere else.
 */
package io.kapsel.engine.files;
