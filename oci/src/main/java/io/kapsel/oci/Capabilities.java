package io.kapsel.oci;

import java.util.List;
import java.util.Set;

/** The five capability sets of a process, as {@code CAP_*} names; see capabilities(7). */
public record Capabilities(
    List<String> bounding,
    List<String> effective,
    List<String> inheritable,
    List<String> permitted,
    List<String> ambient) {
  /** Checks that the kernel will take the sets; what cannot be ambient is left out of that one. */
  public Capabilities {
    bounding = List.copyOf(bounding);
    effective = List.copyOf(effective);
    inheritable = List.copyOf(inheritable);
    permitted = List.copyOf(permitted);
    ambient = List.copyOf(ambient);
    subset("effective", effective, permitted, "permitted");
  }

  /** With nothing in any set. */
  public static Capabilities none() {
    return new Capabilities(List.of(), List.of(), List.of(), List.of(), List.of());
  }

  private static void subset(String name, List<String> set, List<String> of, String ofName) {
    Set<String> all = Set.copyOf(of);
    for (String capability : set) {
      Check.that(
          all.contains(capability),
          "process.capabilities." + name,
          capability,
          "is not in the " + ofName + " set");
    }
  }
}
