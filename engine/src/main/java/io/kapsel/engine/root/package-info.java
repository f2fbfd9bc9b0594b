/** Where root file systems come from: the host's own system, directories, archives. */
package io.kapsel.engine.root;
