/** Records of the OCI runtime specification, their JSON and their validation. */
package io.kapsel.oci;
