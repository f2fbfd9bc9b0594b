/** Files that live in memory only and cannot change. */
package io.kapsel.linux.memory;
