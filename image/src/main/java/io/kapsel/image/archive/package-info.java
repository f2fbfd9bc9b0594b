/** Images and root file systems as files: saved, loaded, imported, exported, made from changes. */
package io.kapsel.image.archive;
