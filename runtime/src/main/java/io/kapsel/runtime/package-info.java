/** Containers as processes: from a bundle to a plan, and from a plan to a running program. */
package io.kapsel.runtime;
