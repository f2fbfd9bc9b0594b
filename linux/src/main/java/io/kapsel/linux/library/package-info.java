/** Shared libraries of the host that do in C what Java code of ours does more slowly. */
package io.kapsel.linux.library;
