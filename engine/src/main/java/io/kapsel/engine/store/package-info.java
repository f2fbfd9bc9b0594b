/** What the engine keeps on disk. */
package io.kapsel.engine.store;
