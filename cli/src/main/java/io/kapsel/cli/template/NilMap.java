package io.kapsel.cli.template;

import io.kapsel.base.JsonTree;
import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;

/** Go's map that was never made: an empty one in a template, and {@code null} in JSON. */
public final class NilMap extends AbstractMap<String, Object> implements JsonTree.Null {
  private NilMap() {}

  /** The map, or the one that was never made when nothing is in it. */
  public static Map<String, ?> unlessEmpty(Map<String, ?> map) {
    return map.isEmpty() ? new NilMap() : map;
  }

  @Override
  public Set<Entry<String, Object>> entrySet() {
    return Set.of();
  }
}
