/** Containers and their whole life. Programs use it through {@code io.kapsel.api}. */
@org.jspecify.annotations.NullMarked
module io.kapsel.engine {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.runtime;
  requires transitive io.kapsel.image;
  requires transitive io.kapsel.network;

  exports io.kapsel.engine;
  exports io.kapsel.engine.log;
  exports io.kapsel.engine.spec;

  opens io.kapsel.engine to
      io.kapsel.base;
}
