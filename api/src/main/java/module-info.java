/** The Java API: the same objects whether the engine runs in this process or in another. */
@org.jspecify.annotations.NullMarked
module io.kapsel.api {
  requires static transitive org.jspecify;
  requires io.kapsel.base;
  requires io.kapsel.linux;
  requires io.kapsel.image;
  requires io.kapsel.network;
  requires transitive io.kapsel.engine;

  exports io.kapsel.api;

  opens io.kapsel.api to
      io.kapsel.base;
}
