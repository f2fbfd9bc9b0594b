/**
 * The launch plan: every kernel call that makes a container, in order, with the reason for each.
 */
package io.kapsel.runtime.plan;
