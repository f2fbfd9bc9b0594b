package io.kapsel.network;

/** Pools out of which networks get addresses, as administrators write them. */
public final class SubnetPools {
  private SubnetPools() {}

  /** Refuses what is no list of {@code SUBNET,BITS} by an IllegalArgumentException. */
  public static void check(String text) {
    for (String each : text.isBlank() ? new String[0] : text.strip().split("\\s+")) {
      SubnetChooser.Pool _ = SubnetChooser.Pool.parse(each);
    }
  }
}
