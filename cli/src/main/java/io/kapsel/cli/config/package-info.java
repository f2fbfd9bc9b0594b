/** What an administrator may set, where each value comes from, and the file that it stands in. */
package io.kapsel.cli.config;
