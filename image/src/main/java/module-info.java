/** Images: references, the store on disk, registries, layers; import and export. */
@org.jspecify.annotations.NullMarked
module io.kapsel.image {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.oci;
  requires transitive io.kapsel.linux;
  requires java.net.http;
  requires com.fasterxml.jackson.core;
  requires aircompressor.v3;
  requires org.tukaani.xz;
  requires org.bouncycastle.pg;
  requires jdk.unsupported; // aircompressor decodes zstd by sun.misc.Unsafe and does not say so

  exports io.kapsel.image;
  exports io.kapsel.image.debian;
  exports io.kapsel.image.archive;
  exports io.kapsel.image.registry;
  exports io.kapsel.image.tar;

  opens io.kapsel.image.archive to
      io.kapsel.base;
  opens io.kapsel.image.registry to
      io.kapsel.base;
}
