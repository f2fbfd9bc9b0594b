package io.kapsel.network.cni;

import java.util.List;

/** What plugins say of names ({@code dns} in section 5 of the specification). */
public record CniNames(List<String> servers, List<String> search, List<String> options) {
  /** Nothing. */
  public static final CniNames NONE = new CniNames(List.of(), List.of(), List.of());

  /** Copies the lists. */
  public CniNames {
    servers = List.copyOf(servers);
    search = List.copyOf(search);
    options = List.copyOf(options);
  }
}
