/** Records of the OCI runtime specification 1.3, their JSON and their validation. */
@org.jspecify.annotations.NullMarked
module io.kapsel.oci {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.base;

  exports io.kapsel.oci;
}
