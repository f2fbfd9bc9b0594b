/** Containers and their whole life; the embeddable Java API. */
@org.jspecify.annotations.NullMarked
module io.kapsel.engine {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.runtime;
  requires transitive io.kapsel.image;

  exports io.kapsel.engine;
  exports io.kapsel.engine.spec;

  opens io.kapsel.engine to
      io.kapsel.base;
}
