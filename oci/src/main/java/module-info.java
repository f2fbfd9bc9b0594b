/** Records of the OCI runtime specification, their JSON and their validation. */
@org.jspecify.annotations.NullMarked
module io.kapsel.oci {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.base;
  requires com.fasterxml.jackson.core;

  exports io.kapsel.oci;
}
