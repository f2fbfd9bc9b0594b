/** Containers and their whole life; the embeddable Java API. */
@org.jspecify.annotations.NullMarked
module io.kapsel.engine {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.runtime;
  requires com.fasterxml.jackson.core;

  exports io.kapsel.engine;
}
