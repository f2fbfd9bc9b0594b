/** Files and directories by descriptors, so that no name is looked up twice. */
package io.kapsel.linux.file;
