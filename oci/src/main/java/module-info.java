/** Records of the OCI specifications, their JSON and their validation. */
@org.jspecify.annotations.NullMarked
module io.kapsel.oci {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.base;

  exports io.kapsel.oci;
  exports io.kapsel.oci.image;
}
