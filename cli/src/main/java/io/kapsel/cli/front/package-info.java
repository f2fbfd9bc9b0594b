/** Those who call: command lines of Kapsel, of OCI runtimes and of LXC, and programs in Java. */
package io.kapsel.cli.front;
