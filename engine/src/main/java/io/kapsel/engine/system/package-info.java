/** What a container has whose first process is an init of its own. */
package io.kapsel.engine.system;
