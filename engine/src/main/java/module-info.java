/** Containers and their whole life; the embeddable Java API. */
@org.jspecify.annotations.NullMarked
module io.kapsel.engine {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.runtime;
  requires org.apache.commons.compress;
  requires aircompressor.v3;
  requires org.tukaani.xz;

  exports io.kapsel.engine;
  exports io.kapsel.engine.spec;

  opens io.kapsel.engine.store to
      io.kapsel.base;
  opens io.kapsel.engine.compile to
      io.kapsel.base;
}
