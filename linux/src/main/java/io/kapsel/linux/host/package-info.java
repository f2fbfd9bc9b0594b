/** What this host offers to containers and what it lacks. */
package io.kapsel.linux.host;
