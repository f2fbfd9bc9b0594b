/** What the daemon tells its operator: lines on standard error. */
package io.kapsel.cli.log;
