/** Networks that plugins make; see the specification of CNI, version 1.1. */
package io.kapsel.network.cni;
