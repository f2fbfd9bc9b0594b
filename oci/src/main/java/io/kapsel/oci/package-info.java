/** Records of the OCI runtime specification, their JSON and their validation. */
@JsonAnyCase
package io.kapsel.oci;

import io.kapsel.base.JsonAnyCase;
